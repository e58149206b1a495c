"""What the parts of one run share."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime

from databricks_alerts.engine import urn as urns
from databricks_alerts.engine.event_stream import EventStream
from databricks_alerts.engine.hooks import Hooks
from databricks_alerts.engine.options import DeploymentOptions
from databricks_alerts.engine.providers.base import Provider
from databricks_alerts.engine.registry import ProviderRegistry
from databricks_alerts.engine.state.resource import ResourceState
from databricks_alerts.engine.steps.ledger import Ledger
from databricks_alerts.engine.steps.recorder import Recorder


class StepFailedError(Exception):
    """A step failed; it has been reported."""


class StoppedError(Exception):
    """The run is ending: no new step starts."""


@dataclass(slots=True)
class Run:
    """One run of one operation on one stack."""

    project: str
    stack: str
    options: DeploymentOptions
    dry_run: bool
    ledger: Ledger
    stream: EventStream
    registry: ProviderRegistry
    recorder: Recorder
    hooks: Hooks
    slots: threading.BoundedSemaphore = field(init=False)
    stopping: threading.Event = field(default_factory=threading.Event)
    failed: threading.Event = field(default_factory=threading.Event)
    _active: int = field(default=0, init=False)
    _idle: threading.Condition = field(default_factory=threading.Condition, init=False)

    def __post_init__(self) -> None:
        self.slots = threading.BoundedSemaphore(max(1, self.options.parallel))

    def provider_of(self, resource: ResourceState) -> Provider:
        """The configured provider that serves a custom resource. Raises StateError."""
        return self.registry.find(resource.provider, self._provider_resource)

    @contextmanager
    def step(self, *, requests: bool) -> Iterator[None]:
        """A step is in flight; with `requests` it waits for one of the `parallel` slots first.

        Raises StoppedError when the run is ending, so that what waited does not start any more.
        """
        with self.slots if requests else nullcontext():
            with self._idle:
                self.check_going()
                self._active += 1
            try:
                yield
            finally:
                with self._idle:
                    self._active -= 1
                    self._idle.notify_all()

    def wait_idle(self) -> None:
        """Wait until no step is in flight."""
        with self._idle:
            self._idle.wait_for(lambda: not self._active)

    def fail(self) -> None:
        """Something failed: the run ends with an error, at once unless it is to go on."""
        self.failed.set()
        if not self.options.continue_on_error:
            self.stopping.set()

    def check_going(self) -> None:
        """Raise StoppedError when the run is ending."""
        if self.stopping.is_set():
            raise StoppedError

    def _provider_resource(self, urn: str) -> ResourceState | None:
        settled = self.ledger.find(self.ledger.renamed(urn))
        return settled or next(
            (item for item in self.ledger.base if item.urn == urn and not item.delete), None
        )


def now() -> str:
    """The time as Go writes it in states: UTC, no trailing zeros in the fraction."""
    moment = datetime.now(UTC)
    fraction = f"{moment.microsecond:06d}".rstrip("0")
    return moment.strftime("%Y-%m-%dT%H:%M:%S") + (f".{fraction}" if fraction else "") + "Z"


def is_managed(resource: ResourceState) -> bool:
    """Whether a provider creates, updates and deletes it: no component, no provider itself."""
    return resource.custom and not urns.is_provider_type(resource.type)
