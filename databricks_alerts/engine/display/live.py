"""Live progress on a terminal: finished steps scroll by, what is at work stands below."""

from __future__ import annotations

import itertools
import threading
import time
from collections import OrderedDict
from types import TracebackType

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

from databricks_alerts.engine import urn as urns
from databricks_alerts.engine.display import words
from databricks_alerts.engine.display.plain import PlainDisplay
from databricks_alerts.engine.events import (
    EngineEvent,
    ResourceFailedEvent,
    ResourceOutputsEvent,
    ResourcePreEvent,
    StepMetadata,
    SummaryEvent,
)

_REFRESHES_A_SECOND = 8
_MOST_ROWS = 12
# Each print draws the rows again: lines that come quickly are printed together.
_SECONDS_BETWEEN_PRINTS = 0.1


class LiveDisplay:
    """Shows events as they happen. Use as a context manager; call it with each event.

    An event costs the same however many resources there are: only the rows of steps at work, at
    most `rows`, are drawn, eight times a second.
    """

    def __init__(
        self, console: Console, *, diff: bool = True, whole: bool = True, rows: int = _MOST_ROWS
    ) -> None:
        self._plain = PlainDisplay(console, diff=diff, whole=whole)
        self._console, self._rows = console, rows
        # At work, in the order in which they began. A plain dict would walk over the gaps that
        # finished steps leave at its front each time it is drawn.
        self._running: OrderedDict[tuple[str, str], tuple[StepMetadata, float]] = OrderedDict()
        # Events come on one thread, drawing happens on another.
        self._lock = threading.Lock()
        self._unprinted: list[Text] = []
        self._printed = time.monotonic()
        self._done = self._failed = 0
        self._began = time.monotonic()
        self._spinner = Spinner("dots")
        self._live = Live(
            console=console,
            refresh_per_second=_REFRESHES_A_SECOND,
            transient=True,
            get_renderable=self._render,
        )

    def __enter__(self) -> LiveDisplay:
        """Begin to draw."""
        self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the terminal clean."""
        self._print()
        self._live.stop()

    def __call__(self, event: EngineEvent) -> None:
        """Show one event."""
        match event.payload:
            case ResourcePreEvent(metadata):
                self._begin(metadata)
            case ResourceOutputsEvent(metadata):
                self._finish(metadata)
            case ResourceFailedEvent(metadata):
                self._failed += 1
                self._finish(metadata)
            case SummaryEvent():
                self._print()
                self._live.stop()
        with self._lock:
            self._unprinted += self._plain.lines(event)
        if not self._live.is_started or self._is_time():
            self._print()

    def _is_time(self) -> bool:
        return time.monotonic() - self._printed > _SECONDS_BETWEEN_PRINTS

    def _print(self) -> None:
        with self._lock:
            ready, self._unprinted = self._unprinted, []
        self._printed = time.monotonic()
        if ready:
            self._console.print(Text("\n").join(ready), soft_wrap=True, highlight=False)

    def _begin(self, metadata: StepMetadata) -> None:
        if metadata.type != urns.STACK_TYPE:
            with self._lock:
                self._running[metadata.urn, metadata.op] = (metadata, time.monotonic())

    def _finish(self, metadata: StepMetadata) -> None:
        # A refresh ends as what it turned out to be: same, update or delete.
        with self._lock:
            for op in (metadata.op, "refresh"):
                if self._running.pop((metadata.urn, op), None) is not None:
                    self._done += 1
                    return

    def _render(self) -> RenderableType:
        now = time.monotonic()
        with self._lock:
            shown = list(itertools.islice(self._running.values(), self._rows))
            running = len(self._running)
            waiting = self._unprinted[-self._rows :]
        rows = [_row(metadata, now - began) for metadata, began in shown]
        if running > len(shown):
            rows.append(Text(f"   … {running - len(shown)} more at work", style="dim"))
        failed = f", {self._failed} failed" if self._failed else ""
        self._spinner.update(
            text=Text(f"{self._done} done, {running} at work{failed}  {now - self._began:.0f} s")
        )
        return Group(*waiting, *rows, self._spinner)


def _row(metadata: StepMetadata, seconds: float) -> Text:
    named = words.of(metadata.op)
    row = Text(f"{named.sign:<2} ", style=named.style, no_wrap=True, overflow="ellipsis")
    row.append(words.label(metadata.urn), style="bold")
    return row.append(f" {named.running} {seconds:.0f} s", style="dim")
