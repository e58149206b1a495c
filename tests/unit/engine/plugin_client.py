"""A served databricks provider and a client of it, as the pulumi CLI is one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf import empty_pb2
from provider_workspace import TOKEN, TestClock, Workspace
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from databricks_alerts.engine import wire
from databricks_alerts.engine.providers.databricks.package_schema import (
    package_schema,
    stable_properties,
)
from databricks_alerts.engine.providers.databricks.provider import DatabricksProvider
from databricks_alerts.engine.providers.serve.engine_log import EngineLog
from databricks_alerts.engine.providers.serve.process import listening
from databricks_alerts.engine.providers.serve.service import Package, ProviderService

VERSION = "1.118.0"
PROVIDER_URN = "urn:pulumi:s::p::pulumi:providers:databricks::default_1_118_0"


def urn_of(token: str, name: str = "n") -> str:
    return f"urn:pulumi:s::p::{token}::{name}"


@dataclass
class Plugin:
    """Calls with properties instead of messages; marked kinds as in engine.values."""

    stub: Any

    def configure(self, workspace: Workspace) -> Any:
        config = {"host": workspace.url, "token": TOKEN, "version": VERSION}
        return self.stub.Configure(
            provider_pb2.ConfigureRequest(
                args=wire.to_struct(config), acceptSecrets=True, urn=PROVIDER_URN
            )
        )

    def check(self, token: str, news: Mapping[str, Any], olds: Mapping[str, Any] = {}) -> Any:
        return self.stub.Check(
            provider_pb2.CheckRequest(
                urn=urn_of(token), olds=wire.to_struct(olds), news=wire.to_struct(news)
            )
        )

    def diff(
        self,
        token: str,
        id: str,  # noqa: A002
        olds: Mapping[str, Any],
        outputs: Mapping[str, Any],
        news: Mapping[str, Any],
        ignored: list[str] | None = None,
    ) -> Any:
        return self.stub.Diff(
            provider_pb2.DiffRequest(
                id=id,
                urn=urn_of(token),
                old_inputs=wire.to_struct(olds),
                olds=wire.to_struct(outputs),
                news=wire.to_struct(news),
                ignoreChanges=ignored or [],
            )
        )

    def create(
        self, token: str, inputs: Mapping[str, Any], *, preview: bool = False, timeout: float = 0
    ) -> tuple[str, dict[str, Any]]:
        answer = self.stub.Create(
            provider_pb2.CreateRequest(
                urn=urn_of(token),
                properties=wire.to_struct(inputs),
                preview=preview,
                timeout=timeout,
            )
        )
        return answer.id, wire.from_struct(answer.properties)

    def update(
        self,
        token: str,
        id: str,  # noqa: A002
        olds: Mapping[str, Any],
        outputs: Mapping[str, Any],
        news: Mapping[str, Any],
        *,
        preview: bool = False,
        ignored: list[str] | None = None,
    ) -> dict[str, Any]:
        answer = self.stub.Update(
            provider_pb2.UpdateRequest(
                id=id,
                urn=urn_of(token),
                old_inputs=wire.to_struct(olds),
                olds=wire.to_struct(outputs),
                news=wire.to_struct(news),
                preview=preview,
                ignoreChanges=ignored or [],
            )
        )
        return wire.from_struct(answer.properties)

    def read(
        self,
        token: str,
        id: str,  # noqa: A002
        inputs: Mapping[str, Any] | None = None,
        outputs: Mapping[str, Any] = {},
    ) -> tuple[str, dict[str, Any], dict[str, Any]]:
        answer = self.stub.Read(
            provider_pb2.ReadRequest(
                id=id,
                urn=urn_of(token),
                inputs=None if inputs is None else wire.to_struct(inputs),
                properties=wire.to_struct(outputs),
            )
        )
        return answer.id, wire.from_struct(answer.inputs), wire.from_struct(answer.properties)

    def delete(
        self,
        token: str,
        id: str,  # noqa: A002
        inputs: Mapping[str, Any],
        outputs: Mapping[str, Any],
    ) -> None:
        self.stub.Delete(
            provider_pb2.DeleteRequest(
                id=id,
                urn=urn_of(token),
                old_inputs=wire.to_struct(inputs),
                properties=wire.to_struct(outputs),
            )
        )

    def cancel(self) -> None:
        self.stub.Cancel(empty_pb2.Empty())


def dial(port: int) -> tuple[grpc.Channel, Plugin]:
    channel = grpc.insecure_channel(f"127.0.0.1:{port}")
    return channel, Plugin(provider_pb2_grpc.ResourceProviderStub(channel))


@contextmanager
def plugin(clock: TestClock | None = None, make: Any = None) -> Iterator[Plugin]:
    """A provider served in this process, not configured yet."""
    package = Package(
        "databricks",
        VERSION,
        make or (lambda: DatabricksProvider(clock)),
        package_schema,
        stable_properties,
    )
    service = ProviderService(package, EngineLog())
    server, port = listening(service)
    channel, client = dial(port)
    try:
        yield client
    finally:
        service.cancel()
        channel.close()
        server.stop(None).wait()
