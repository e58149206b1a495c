"""Plain lines, for logs and pipes: one line a step, in the order in which things happen."""

from __future__ import annotations

from types import TracebackType

from rich.console import Console
from rich.text import Text

from databricks_alerts.engine import urn as urns
from databricks_alerts.engine.display import lines, words
from databricks_alerts.engine.events import (
    DiagnosticEvent,
    EngineEvent,
    ResourceFailedEvent,
    ResourceOutputsEvent,
    ResourcePreEvent,
    StdoutEvent,
    StepMetadata,
    SummaryEvent,
)

# Parts of a replacement: the `replace` step tells of them.
_PARTS = (
    "create-replacement",
    "delete-replaced",
    "read-replacement",
    "import-replacement",
    "discard-replaced",
    "remove-pending-replace",
)


class PlainDisplay:
    """Prints events as lines. Call it with each event, in order.

    `diff` adds what each step changes; with `whole` also every property of what is created or
    deleted. `sames` shows what stays as it is, too.
    """

    def __init__(
        self, console: Console, *, diff: bool = True, whole: bool = True, sames: bool = False
    ) -> None:
        self._console, self._diff, self._sames = console, diff, sames
        self._whole = whole
        self._outputs: list[Text] = []

    def __enter__(self) -> PlainDisplay:
        """Nothing to set up."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Nothing to take down."""

    def __call__(self, event: EngineEvent) -> None:
        """Show one event."""
        for line in self.lines(event):
            self._console.print(line, soft_wrap=True, highlight=False)

    def lines(self, event: EngineEvent) -> list[Text]:
        """What there is to print of an event."""
        match event.payload:
            case ResourcePreEvent(metadata, planning) if planning and metadata.op == "replace":
                return self._step(metadata, planned=True)
            case ResourceOutputsEvent(metadata, planning):
                return self._finished(metadata, planned=planning)
            case ResourceFailedEvent(metadata):
                failed = f"{words.of(metadata.op).running} failed"
                return [Text(f"x  {words.label(metadata.urn)} {failed}", style="bold red")]
            case DiagnosticEvent() as payload:
                return [lines.diagnostic(payload)] if _is_worth_keeping(payload) else []
            case StdoutEvent(message):
                return [Text(message.rstrip())]
            case SummaryEvent() as payload:
                return self._summary(payload)
        return []

    def _finished(self, metadata: StepMetadata, *, planned: bool) -> list[Text]:
        if metadata.type == urns.STACK_TYPE:
            self._outputs = list(lines.outputs(metadata))
            return []
        if metadata.op in _PARTS or (planned and metadata.op == "replace"):
            return []
        if metadata.op in ("same", "refresh") and not self._sames:
            return []
        return self._step(metadata, planned=planned)

    def _step(self, metadata: StepMetadata, *, planned: bool) -> list[Text]:
        partial = metadata.old is not None and metadata.new is not None
        diff = self._diff and (self._whole or partial)
        return list(lines.step(metadata, planned=planned, diff=diff))

    def _summary(self, payload: SummaryEvent) -> list[Text]:
        counts = words.summary(payload.resource_changes, planned=payload.is_preview)
        result = [*self._outputs, Text(counts, style="bold")]
        if payload.result != "succeeded":
            result.append(Text(f"The operation {payload.result}.", style="bold red"))
        return [*result, Text(f"Duration: {payload.duration_seconds} s", style="dim")]


def _is_worth_keeping(event: DiagnosticEvent) -> bool:
    return not event.ephemeral and event.severity != "debug" and bool(event.message.strip())
