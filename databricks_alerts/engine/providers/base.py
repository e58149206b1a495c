"""The one interface between the engine and whatever creates resources.

Modelled on Pulumi's ResourceProvider service (proto/pulumi/provider.proto) with the parts that a
deployment uses. Properties cross it with secrets revealed; the engine marks them again by
`secret_outputs`. In a preview inputs may hold UNKNOWN.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Protocol

from databricks_alerts.engine.values import Properties

DiffKind = Literal["add", "add-replace", "delete", "delete-replace", "update", "update-replace"]


@dataclass(frozen=True, slots=True)
class CheckFailure:
    """One input that the provider refuses: its path (empty: the whole) and why."""

    property: str
    reason: str


@dataclass(frozen=True, slots=True)
class CheckResult:
    """Inputs with the provider's defaults filled in, and what is wrong with them."""

    inputs: Properties
    failures: list[CheckFailure] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class PropertyDiff:
    """How one property path changes; `input_diff` as in Pulumi's detailedDiff."""

    kind: DiffKind
    input_diff: bool = True


@dataclass(frozen=True, slots=True)
class Diff:
    """What a provider says of new inputs against a deployed resource."""

    changes: bool
    replace_keys: list[str] = field(default_factory=list)
    changed_keys: list[str] = field(default_factory=list)
    detailed: dict[str, PropertyDiff] = field(default_factory=dict)
    delete_before_replace: bool = False


@dataclass(frozen=True, slots=True)
class ReadResult:
    """What the workspace holds; `id` empty when the resource is gone."""

    id: str
    inputs: Properties = field(default_factory=dict)
    outputs: Properties = field(default_factory=dict)


class ProviderError(Exception):
    """A request that failed; `str()` is what the user reads: error_code, message, request.

    `outcome_known` is False when the request may have taken effect (a lost response), so the
    engine keeps the operation pending. `partial` carries (id, outputs) of a resource that exists
    though its initialisation failed.
    """

    def __init__(
        self,
        message: str,
        *,
        error_code: str = "",
        outcome_known: bool = True,
        partial: tuple[str, Properties] | None = None,
    ) -> None:
        super().__init__(message)
        self.error_code = error_code
        self.outcome_known = outcome_known
        self.partial = partial


class Provider(Protocol):
    """A package's provider, configured. Methods are called from many threads at once.

    All raise ProviderError. `old_inputs`/`old_outputs` are the checkpoint's. Timeouts are seconds,
    None for the provider's own default.
    """

    def supports(self, resource_type: str) -> bool:
        """Whether this provider knows the type token, e.g. `databricks:index/alertV2:AlertV2`."""

    def secret_outputs(self, resource_type: str) -> frozenset[str]:
        """Top-level (or dotted) output and input paths that are always secret."""

    def check_config(self, inputs: Properties) -> CheckResult:
        """Check the provider's own configuration."""

    def configure(self, inputs: Properties) -> None:
        """Take the configuration; cheap, opens nothing until the first request."""

    def check(
        self, resource_type: str, urn: str, old_inputs: Properties, new_inputs: Properties
    ) -> CheckResult:
        """Check inputs and fill in defaults; makes no request."""

    def diff(
        self,
        resource_type: str,
        urn: str,
        id: str,  # noqa: A002 - Pulumi's word
        old_inputs: Properties,
        old_outputs: Properties,
        new_inputs: Properties,
        ignore_changes: list[str],
    ) -> Diff:
        """Compare; makes no request."""

    def create(
        self, resource_type: str, urn: str, inputs: Properties, timeout: float | None, preview: bool
    ) -> tuple[str, Properties]:
        """Create; answers (id, outputs). With `preview`, answers ("", planned outputs) unsent."""

    def read(
        self,
        resource_type: str,
        urn: str,
        id: str,  # noqa: A002
        inputs: Properties,
        outputs: Properties,
    ) -> ReadResult:
        """The resource as it is now. With empty `inputs` and `outputs` it is an import."""

    def update(
        self,
        resource_type: str,
        urn: str,
        id: str,  # noqa: A002
        old_inputs: Properties,
        old_outputs: Properties,
        new_inputs: Properties,
        timeout: float | None,
        ignore_changes: list[str],
        preview: bool,
    ) -> Properties:
        """Bring the resource to `new_inputs`; answers its outputs."""

    def delete(
        self,
        resource_type: str,
        urn: str,
        id: str,  # noqa: A002
        inputs: Properties,
        outputs: Properties,
        timeout: float | None,
    ) -> None:
        """Delete; a resource that is gone already is no error."""

    def find_created(
        self, resource_type: str, urn: str, inputs: Properties, not_ids: frozenset[str]
    ) -> str | None:
        """The id of a resource that an interrupted create with `inputs` left behind, if any."""

    def prefetch(self, resource_types: frozenset[str]) -> None:
        """A refresh of many resources is about to come: read them by paged lists, not singly."""

    def close(self) -> None:
        """Free connections; stop retrying."""
