"""Making each mutating step durable: before its request goes out, and when its answer is in."""

from __future__ import annotations

from typing import Any, Protocol

from databricks_alerts.engine.state.resource import PendingOperation, ResourceState


class Recorder(Protocol):
    """Where steps are recorded while a run lasts. Safe to call from many threads."""

    def begin(self, kind: str, resource: ResourceState) -> Any:
        """A request is about to go out (creating, updating, deleting); answers a token."""

    def end(
        self,
        token: Any,
        *,
        saved: ResourceState | None = None,
        removed: ResourceState | None = None,
        replaces: ResourceState | None = None,
    ) -> None:
        """The answer is in: `saved` takes its place in the state, `removed` is gone from it.

        With neither, the request had no effect. Without a `begin` the token is None. `replaces` is
        what `saved` was before, when an alias gave it another URN.
        """

    def pending(self) -> list[PendingOperation]:
        """Operations that began and never ended: their outcome is unknown."""


class NoRecorder:
    """A preview: nothing is recorded."""

    def begin(self, kind: str, resource: ResourceState) -> Any:
        """Record nothing."""

    def end(
        self,
        token: Any,
        *,
        saved: ResourceState | None = None,
        removed: ResourceState | None = None,
        replaces: ResourceState | None = None,
    ) -> None:
        """Record nothing."""

    def pending(self) -> list[PendingOperation]:
        """Nothing is ever pending."""
        return []
