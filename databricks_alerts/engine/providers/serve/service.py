"""pulumirpc.ResourceProvider, answered by a Provider (see databricks_alerts.engine.providers.base).

One process serves one provider resource and many requests at a time. The CLI starts a process for
each run and ends it by Cancel and a signal; one that a CLI was attached to by
PULUMI_DEBUG_PROVIDERS is configured again by the next.
"""

# ruff: noqa: D102, N802 - the methods' names and meaning are the protocol's
from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from databricks_alerts.engine import urn as urns
from databricks_alerts.engine.providers.base import Provider, ProviderError
from databricks_alerts.engine.providers.serve import marshalling
from databricks_alerts.engine.providers.serve.engine_log import EngineLog, current_urn
from databricks_alerts.engine.providers.serve.failures import RequestError, answering
from databricks_alerts.engine.steps import diffs, marks
from databricks_alerts.engine.values import Properties

# Keys of a provider's configuration that are the engine's, not the provider's.
_ENGINE_KEYS = ("__internal", "version", "pluginDownloadURL")
_Code = grpc.StatusCode


@dataclass(frozen=True, slots=True)
class Package:
    """What is served.

    `schema` makes its Pulumi schema of a version; `stables` names the top-level properties of a
    resource type that no update changes.
    """

    name: str
    version: str
    make: Callable[[], Provider]
    schema: Callable[[str], dict[str, Any]]
    stables: Callable[[str], Iterable[str]]


class ProviderService(provider_pb2_grpc.ResourceProviderServicer):
    """The service. What it has no answer for, the stub's base class answers as unimplemented."""

    def __init__(self, package: Package, log: EngineLog) -> None:
        self._package = package
        self._log = log
        self._lock = threading.Lock()
        self._provider: Provider | None = None
        self._cancelled = False

    # -- the plugin itself

    @answering
    def Handshake(self, request: Any, context: Any) -> Any:
        self._log.connect(request.engine_address)
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True)

    @answering
    def Attach(self, request: Any, context: Any) -> Any:
        self._log.connect(request.address)
        return empty_pb2.Empty()

    @answering
    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        return plugin_pb2.PluginInfo(version=self._package.version)

    @answering
    def GetSchema(self, request: Any, context: Any) -> Any:
        if request.version != 0:
            raise RequestError(
                _Code.INVALID_ARGUMENT, f"there is no version {request.version} of Pulumi's schema"
            )
        if request.subpackage_name:
            raise RequestError(_Code.INVALID_ARGUMENT, f"{self._package.name} is not parameterized")
        return provider_pb2.GetSchemaResponse(
            schema=json.dumps(self._package.schema(self._package.version))
        )

    def Cancel(self, request: Any, context: Any) -> Any:
        self.cancel()
        return empty_pb2.Empty()

    # Not behind requests that wait for the workspace.
    Cancel.experimental_thread_pool = ThreadPoolExecutor(1, "cancel")  # type: ignore[attr-defined]

    def cancel(self) -> None:
        """Begin nothing any more and wait for nothing; what is under way is answered."""
        with self._lock:
            self._cancelled = True
            provider = self._provider
        if provider is not None:
            provider.close()

    # -- its configuration

    @answering
    def CheckConfig(self, request: Any, context: Any) -> Any:
        news = marshalling.received(request.news)
        inputs = marshalling.plain(news)
        own = {key: value for key, value in inputs.items() if key not in _ENGINE_KEYS}
        result = self._package.make().check_config(own)
        engines = {key: inputs[key] for key in _ENGINE_KEYS if key in inputs}
        return provider_pb2.CheckResponse(
            inputs=marshalling.answered({**result.inputs, **engines}, [news], ()),
            failures=marshalling.check_failures(result.failures),
        )

    @answering
    def DiffConfig(self, request: Any, context: Any) -> Any:
        olds = _olds(request)
        news = marshalling.received(request.news)
        news = marshalling.with_ignored(news, olds, request.ignoreChanges)
        found = diffs.of_inputs(marshalling.plain(olds), marshalling.plain(news))
        return marshalling.diff_response(found)

    @answering
    def Configure(self, request: Any, context: Any) -> Any:
        given = marshalling.received(request.args) if request.HasField("args") else {}
        inputs = marshalling.plain(given) or _variables(request.variables)
        provider = self._package.make()
        provider.configure({key: value for key, value in inputs.items() if key not in _ENGINE_KEYS})
        with self._lock:
            before, self._provider, self._cancelled = self._provider, provider, False
        if before is not None:
            before.close()
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    # -- resources

    @answering
    def Check(self, request: Any, context: Any) -> Any:
        provider, token = self._asked(request)
        news = marshalling.received(request.news)
        olds = marshalling.plain(marshalling.received(request.olds))
        result = provider.check(token, request.urn, olds, marshalling.plain(news))
        secrets = provider.secret_outputs(token)
        return provider_pb2.CheckResponse(
            inputs=marshalling.answered(result.inputs, [news], secrets),
            failures=marshalling.check_failures(result.failures),
        )

    @answering
    def Diff(self, request: Any, context: Any) -> Any:
        provider, token = self._asked(request)
        olds = _olds(request)
        ignored = list(request.ignoreChanges)
        news = marshalling.with_ignored(marshalling.received(request.news), olds, ignored)
        found = provider.diff(
            token,
            request.urn,
            request.id,
            marshalling.plain(olds),
            marshalling.plain(marshalling.received(request.olds)),
            marshalling.plain(news),
            ignored,
        )
        return marshalling.diff_response(found, self._package.stables(token))

    @answering
    def Create(self, request: Any, context: Any) -> Any:
        provider, token = self._asked(request)
        inputs = marshalling.received(request.properties)
        timeout, preview = request.timeout or None, request.preview
        secrets = provider.secret_outputs(token)
        with _marking(inputs, secrets):
            made, outputs = provider.create(
                token, request.urn, marshalling.plain(inputs), timeout, preview
            )
        return provider_pb2.CreateResponse(
            id=made, properties=marshalling.answered(outputs, [inputs], secrets)
        )

    @answering
    def Read(self, request: Any, context: Any) -> Any:
        provider, token = self._asked(request)
        outputs = marshalling.received(request.properties)
        # `.get()` gives what its arguments say as the state alone; an import gives nothing.
        inputs = marshalling.received(request.inputs) if request.HasField("inputs") else outputs
        found = provider.read(
            token,
            request.urn,
            request.id,
            marshalling.plain(inputs),
            marshalling.plain(outputs),
        )
        if not found.id:
            return provider_pb2.ReadResponse()  # gone
        secrets = provider.secret_outputs(token)
        return provider_pb2.ReadResponse(
            id=found.id,
            inputs=marshalling.answered(found.inputs, [inputs], secrets),
            properties=marshalling.answered(found.outputs, [inputs, outputs], secrets),
        )

    @answering
    def Update(self, request: Any, context: Any) -> Any:
        provider, token = self._asked(request)
        olds, ignored = _olds(request), list(request.ignoreChanges)
        news = marshalling.with_ignored(marshalling.received(request.news), olds, ignored)
        secrets = provider.secret_outputs(token)
        with _marking(news, secrets):
            outputs = provider.update(
                token,
                request.urn,
                request.id,
                marshalling.plain(olds),
                marshalling.plain(marshalling.received(request.olds)),
                marshalling.plain(news),
                request.timeout or None,
                ignored,
                request.preview,
            )
        return provider_pb2.UpdateResponse(
            properties=marshalling.answered(outputs, [news], secrets)
        )

    @answering
    def Delete(self, request: Any, context: Any) -> Any:
        provider, token = self._asked(request)
        inputs = marshalling.received(request.old_inputs)
        outputs = marshalling.received(request.properties)
        provider.delete(
            token,
            request.urn,
            request.id,
            marshalling.plain(inputs),
            marshalling.plain(outputs),
            request.timeout or None,
        )
        return empty_pb2.Empty()

    # -- what this provider does not have

    @answering
    def Invoke(self, request: Any, context: Any) -> Any:
        raise RequestError(_Code.NOT_FOUND, self._lacks(f"the function {request.tok}"))

    @answering
    def Call(self, request: Any, context: Any) -> Any:
        raise RequestError(_Code.UNIMPLEMENTED, self._lacks(f"the method {request.tok}"))

    @answering
    def Construct(self, request: Any, context: Any) -> Any:
        raise RequestError(_Code.UNIMPLEMENTED, self._lacks(f"the component {request.type}"))

    @answering
    def Parameterize(self, request: Any, context: Any) -> Any:
        name = self._package.name
        raise RequestError(_Code.UNIMPLEMENTED, f"the {name} provider takes no parameters")

    # --

    def _asked(self, request: Any) -> tuple[Provider, str]:
        """The provider for a resource's request, and the resource's type. Raises RequestError."""
        urn: str = request.urn
        current_urn.set(urn)
        token: str = request.type or urns.type_of(urn)
        with self._lock:
            provider, cancelled = self._provider, self._cancelled
        if cancelled:
            raise RequestError(_Code.CANCELLED, "the run was cancelled before this began")
        if provider is None:
            raise RequestError(
                _Code.FAILED_PRECONDITION, f"the {self._package.name} provider is not configured"
            )
        if not provider.supports(token):
            raise RequestError(_Code.NOT_FOUND, self._lacks(token))
        return provider, token

    def _lacks(self, what: str) -> str:
        name, version = self._package.name, self._package.version
        return (
            f"{what} is not among what this project's own {name} provider manages: install "
            f"Pulumi's, which goes before it (pulumi plugin install resource {name} {version})"
        )


def _olds(request: Any) -> Properties:
    """The old inputs, with secrets marked; engines that send none have them among the outputs."""
    struct: struct_pb2.Struct = (
        request.old_inputs if request.HasField("old_inputs") else request.olds
    )
    return marshalling.received(struct)


@contextmanager
def _marking(inputs: Properties, secrets: Iterable[str]) -> Iterator[None]:
    """Marks what is secret in the outputs that a failure carries."""
    try:
        yield
    except ProviderError as error:
        if error.partial is not None:
            identifier, outputs = error.partial
            error.partial = identifier, marks.paths(marks.like(outputs, inputs), secrets)
        raise


def _variables(variables: Any) -> Properties:
    """The configuration as engines before provider inputs sent it: `databricks:config:key`."""
    return {key.rpartition(":")[2]: value for key, value in variables.items()}
