"""Resource hooks and error hooks: code of the program that runs around steps."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any, Literal

from pulumi.runtime.proto import resource_pb2

from databricks_alerts.engine import wire
from databricks_alerts.engine.callbacks import CallbackClient
from databricks_alerts.engine.errors import DeploymentError
from databricks_alerts.engine.event_stream import EventStream
from databricks_alerts.engine.state.resource import ResourceState
from databricks_alerts.engine.values import Properties

HookKind = Literal[
    "before_create",
    "after_create",
    "before_update",
    "after_update",
    "before_delete",
    "after_delete",
    "on_error",
]
# The state's spelling (sdk/go/common/resource/hooks.go).
STATE_NAMES: dict[HookKind, str] = {
    "before_create": "BeforeCreate",
    "after_create": "AfterCreate",
    "before_update": "BeforeUpdate",
    "after_update": "AfterUpdate",
    "before_delete": "BeforeDelete",
    "after_delete": "AfterDelete",
    "on_error": "OnError",
}
# maxErrorHookRetries in Pulumi's engine.
MAX_RETRIES = 100


@dataclass(frozen=True, slots=True)
class Hook:
    """One registered hook: what to call, and when."""

    callback: Any
    on_dry_run: bool = False
    ignore_errors: bool = False


class Hooks:
    """The hooks that the program registered, by name."""

    def __init__(self, client: CallbackClient, stream: EventStream, *, dry_run: bool) -> None:
        self._client = client
        self._stream = stream
        self._dry_run = dry_run
        self._lock = threading.Lock()
        self._hooks: dict[str, Hook] = {}

    def register(self, name: str, hook: Hook) -> None:
        """Keep a hook. Raises DeploymentError for a name that is taken."""
        with self._lock:
            if name in self._hooks:
                raise DeploymentError(f"resource hook already registered for name {name!r}")
            self._hooks[name] = hook

    def run(
        self,
        kind: HookKind,
        resource: ResourceState,
        *,
        old: ResourceState | None = None,
        new: ResourceState | None = None,
        outputs: bool = False,
    ) -> None:
        """Call the resource's hooks of a kind; `outputs`: the new outputs are known.

        Raises DeploymentError when one fails, unless it is registered with ignore_errors.
        """
        for name in resource.resource_hooks.get(STATE_NAMES[kind], ()):
            hook = self._find(name)
            if self._dry_run and not hook.on_dry_run:
                continue
            error = self._call(hook, _hook_request(resource, old, new, outputs))
            if error and hook.ignore_errors:
                self._stream.say("warning", f"{kind} hook {name!r} failed: {error}", resource.urn)
            elif error:
                raise DeploymentError(f"{kind} hook {name!r} failed: {error}")

    def should_retry(
        self,
        operation: str,
        resource: ResourceState,
        errors: list[str],
        *,
        old: ResourceState | None = None,
        new: ResourceState | None = None,
    ) -> bool:
        """Ask the resource's error hooks whether to try again; `errors` newest first."""
        names = resource.resource_hooks.get(STATE_NAMES["on_error"], ())
        retry = False
        for name in names:
            plain = _hook_request(resource, old, new, False)
            request = resource_pb2.ErrorHookRequest(
                urn=plain.urn,
                id=plain.id,
                name=plain.name,
                type=plain.type,
                failed_operation=operation,
                errors=errors,
            )
            for field in ("new_inputs", "old_inputs", "old_outputs"):
                if plain.HasField(field):
                    getattr(request, field).CopyFrom(getattr(plain, field))
            callback = self._find(name).callback
            answer = self._client.invoke(callback, request, resource_pb2.ErrorHookResponse())
            if answer.error:
                raise DeploymentError(f"error hook {name!r} failed: {answer.error}")
            retry = retry or answer.retry
        return retry and len(errors) < MAX_RETRIES

    def _find(self, name: str) -> Hook:
        with self._lock:
            if name not in self._hooks:
                raise DeploymentError(
                    f"resource hook not registered for {name}: run the program that registers it"
                )
            return self._hooks[name]

    def _call(self, hook: Hook, request: Any) -> str:
        response = resource_pb2.ResourceHookResponse()
        try:
            return str(self._client.invoke(hook.callback, request, response).error)
        except DeploymentError as error:
            return str(error)


def _hook_request(
    resource: ResourceState, old: ResourceState | None, new: ResourceState | None, outputs: bool
) -> Any:
    request = resource_pb2.ResourceHookRequest(
        urn=resource.urn, id=resource.id, name=resource.name, type=resource.type
    )
    parts: dict[str, Properties] = {}
    if new is not None:
        parts["new_inputs"] = new.inputs
        if outputs:
            parts["new_outputs"] = new.outputs
    if old is not None:
        parts |= {"old_inputs": old.inputs, "old_outputs": old.outputs}
    for field, properties in parts.items():
        getattr(request, field).CopyFrom(wire.to_struct(properties))
    return request
