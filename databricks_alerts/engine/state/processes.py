"""Which run of which process: numbers of processes are used again, and mean another elsewhere."""

from __future__ import annotations

from functools import cache
from pathlib import Path

_START_FIELD = 19  # field 22 of /proc/<pid>/stat (proc(5)), counted after the name's bracket


@cache
def machine() -> str:
    """The boot of the machine and the space of process numbers; "" where there is no /proc."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot}/{Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return ""


def life(pid: int) -> str:
    """What no other process has, here or elsewhere; "" if there is none, or it cannot be told."""
    if not machine():
        return ""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    started = status.rpartition(")")[2].split()
    # A zombie holds its number and nothing else.
    return "" if started[0] == "Z" else f"{machine()}/{pid}-{started[_START_FIELD]}"
