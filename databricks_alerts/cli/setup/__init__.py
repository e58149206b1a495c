"""`alerts init` on a stack that is new: questions, the settings file, and what to do next."""

from __future__ import annotations

from databricks_alerts.cli.setup.answers import Given, Interview, is_terminal
from databricks_alerts.cli.setup.run import next_steps, set_up

__all__ = ["Given", "Interview", "is_terminal", "next_steps", "set_up"]
