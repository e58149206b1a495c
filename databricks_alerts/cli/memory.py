"""Memory that a command has done with, while others of its processes need some."""

from __future__ import annotations

import ctypes
import gc
import sys


def give_back() -> None:
    """Return to the system what was freed: glibc keeps it, in an arena for each thread.

    After a thousand rules were validated by ten threads that is 20 MB. Other C libraries have no
    such call, and little to return.
    """
    gc.collect()
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # musl has none
        if trim is not None:
            trim(0)
