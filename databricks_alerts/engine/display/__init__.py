"""What people and machines see of a deployment: diffs, progress, JSON.

Every display is called with one event after the other, and is a context manager where it holds a
terminal or a file.
"""

from __future__ import annotations

from rich.console import Console

from databricks_alerts.engine.display.event_log import EventLog, tee
from databricks_alerts.engine.display.live import LiveDisplay
from databricks_alerts.engine.display.plain import PlainDisplay
from databricks_alerts.engine.display.preview_json import PreviewDigest

__all__ = ["EventLog", "LiveDisplay", "PlainDisplay", "PreviewDigest", "for_people", "tee"]


def for_people(
    console: Console, *, diff: bool = True, whole: bool = True
) -> LiveDisplay | PlainDisplay:
    """Live progress when the console is a terminal, plain lines when it is a log or a pipe."""
    if console.is_terminal and not console.is_dumb_terminal:
        return LiveDisplay(console, diff=diff, whole=whole)
    return PlainDisplay(console, diff=diff, whole=whole)
