"""Calling back into the program: its transforms, resource hooks and error hooks.

The SDK serves `Callbacks` on a loopback port and names that port and a token with each
registration; requests and responses are messages packed into bytes.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

import grpc
from pulumi.runtime.proto import callback_pb2, callback_pb2_grpc, resource_pb2

from databricks_alerts.engine import wire
from databricks_alerts.engine.errors import DeploymentError
from databricks_alerts.engine.values import Properties

MAX_MESSAGE_BYTES = 400 * 1024 * 1024
CHANNEL_OPTIONS = [
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
]


class CallbackClient:
    """Dials each callback server once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._channels: dict[str, grpc.Channel] = {}

    def invoke(self, callback: Any, request: Any, response: Any) -> Any:
        """Send `request` to a callback and parse what it answers into `response`.

        Raises DeploymentError with the program's own message when the callback raised.
        """
        stub = callback_pb2_grpc.CallbacksStub(self._channel(callback.target))
        message = callback_pb2.CallbackInvokeRequest(
            token=callback.token, request=request.SerializeToString()
        )
        try:
            answer = stub.Invoke(message)
        except grpc.RpcError as error:
            raise DeploymentError(f"a callback of the program failed: {error.details()}") from error
        response.ParseFromString(answer.response)
        return response

    def close(self) -> None:
        """Hang up."""
        with self._lock:
            for channel in self._channels.values():
                channel.close()
            self._channels.clear()

    def _channel(self, target: str) -> grpc.Channel:
        with self._lock:
            if target not in self._channels:
                self._channels[target] = grpc.insecure_channel(target, options=CHANNEL_OPTIONS)
            return self._channels[target]


@dataclass(frozen=True, slots=True)
class Transform:
    """A transform that the program registered, on a resource or on the whole stack."""

    client: CallbackClient
    callback: Any

    def apply(
        self,
        type_token: str,
        name: str,
        custom: bool,
        parent: str,
        inputs: Properties,
        options: Any,
    ) -> tuple[Properties, Any]:
        """The inputs and TransformResourceOptions that the transform makes of these."""
        request = resource_pb2.TransformRequest(
            type=type_token,
            name=name,
            custom=custom,
            parent=parent,
            properties=wire.to_struct(inputs),
            options=options,
        )
        response = self.client.invoke(self.callback, request, resource_pb2.TransformResponse())
        changed = (
            wire.from_struct(response.properties) if response.HasField("properties") else inputs
        )
        return changed, response.options if response.HasField("options") else options
