"""What a caller asks of a deployment, and what it gets back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from databricks_alerts.engine.events import DiagnosticEvent, EngineEvent, StepMetadata
from databricks_alerts.engine.providers.base import Provider

Operation = Literal["preview", "up", "refresh", "destroy"]
Sink = Callable[[EngineEvent], None]
ProviderLoader = Callable[[str, str], Provider]


@dataclass(frozen=True, slots=True)
class DeploymentOptions:
    """How to run one operation. `targets`, `excludes`, `replace`, `stale`: URNs, `*`, `**` allowed.

    `parallel` is how many steps run at once. `refresh` reads every resource first, otherwise
    those of `stale` are read: what the caller knows to have been changed outside. `preview`
    makes `refresh` or `destroy` show what they would do. `expect_no_changes` fails if any step is
    not a same. `message` goes to the history.
    """

    parallel: int = 16
    refresh: bool = False
    stale: tuple[str, ...] = ()
    preview: bool = False
    targets: tuple[str, ...] = ()
    target_dependents: bool = False
    excludes: tuple[str, ...] = ()
    exclude_dependents: bool = False
    replace: tuple[str, ...] = ()
    continue_on_error: bool = False
    exclude_protected: bool = False
    message: str = ""
    expect_no_changes: bool = False


@dataclass(frozen=True, slots=True)
class Failure:
    """A step that failed: what was tried on which resource, and the reason a person reads."""

    urn: str
    op: str
    message: str


@dataclass(slots=True)
class DeploymentResult:
    """How an operation ended.

    `changes` counts steps by kind as Pulumi's summary does; `steps` are all in the order they
    happened (sames included); `outputs` are the stack's, secrets as `Secret`; `duration` is
    seconds. `error` is the reason when the whole operation could not go on (the program raised, a
    check refused), None otherwise. `pending`: an interrupted run left operations to settle.
    """

    operation: Operation
    preview: bool
    result: Literal["succeeded", "failed", "canceled"] = "succeeded"
    changes: Counter[str] = field(default_factory=Counter)
    steps: list[StepMetadata] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    diagnostics: list[DiagnosticEvent] = field(default_factory=list)
    outputs: Mapping[str, Any] = field(default_factory=dict)
    duration: float = 0.0
    error: str | None = None
    pending: bool = False

    @property
    def succeeded(self) -> bool:
        """Whether every step succeeded and the program ran to its end."""
        return self.result == "succeeded"

    @property
    def changed(self) -> bool:
        """Whether any step is more than `same`, a read or a refresh without a change."""
        quiet = {"same", "read", "refresh"}
        return any(count for op, count in self.changes.items() if op not in quiet)
