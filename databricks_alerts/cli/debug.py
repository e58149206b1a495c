"""Tracebacks: shown with `alerts --debug`, and only then."""

from __future__ import annotations

import os
import traceback

# The environment, so that the processes of several stacks know it, too.
VARIABLE = "ALERTS_DEBUG"


def switch_on() -> None:
    """Show tracebacks from here on."""
    os.environ[VARIABLE] = "1"


def show(error: BaseException) -> None:
    """Print where an error came from, if that is wanted."""
    if os.environ.get(VARIABLE):
        traceback.print_exception(error)
