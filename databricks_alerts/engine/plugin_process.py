"""What every plugin's process does: it ends with the engine that started it, or on its word."""

from __future__ import annotations

import os
import signal
import stat
import threading
from collections.abc import Callable
from types import FrameType

_LOOK_AT_PARENT_SECONDS = 1.0


def end_on_signals(end: Callable[[], None]) -> None:
    """Call `end` on SIGINT and SIGTERM, as engines ask a plugin to end."""

    def handle(number: int, frame: FrameType | None) -> None:
        end()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, handle)


def end_with_engine(end: Callable[[], None]) -> None:
    """Call `end` when the engine has gone: killed, it sends no signal."""
    parent = os.getppid()

    def watch_parent() -> None:
        never = threading.Event()
        while os.getppid() == parent:
            never.wait(_LOOK_AT_PARENT_SECONDS)
        end()

    def watch_input() -> None:
        # A pipe of the engine's, which nobody writes to and its end closes.
        while os.read(0, 1024):
            pass
        end()

    threading.Thread(target=watch_parent, name="watch-parent", daemon=True).start()
    if stat.S_ISFIFO(os.fstat(0).st_mode):
        threading.Thread(target=watch_input, name="watch-input", daemon=True).start()
