"""Runs a command until it ends by itself or standard input does: `keeper.py COMMAND ARGUMENT…`.

The workspace holds the other end of standard input, and the kernel closes that however the
workspace ends; so no server outlives a workspace that was killed. A Java cannot be told that by
itself. Started as a file, with the standard library alone, to take little time and memory.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading

_SECONDS_TO_END = 10.0


def main() -> int:
    """The command's exit status, as a shell tells it."""
    child = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)
    signal.signal(signal.SIGTERM, lambda number, frame: child.terminate())
    threading.Thread(target=_end_with_standard_input, args=(child,), daemon=True).start()
    status = child.wait()
    return status if status >= 0 else 128 - status


def _end_with_standard_input(child: subprocess.Popen[bytes]) -> None:
    while os.read(sys.stdin.fileno(), 1024):
        pass
    child.terminate()
    try:
        child.wait(_SECONDS_TO_END)
    except subprocess.TimeoutExpired:
        child.kill()


if __name__ == "__main__":
    sys.exit(main())
