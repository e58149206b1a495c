"""One operation of the embedded engine in the project of the current folder."""

from __future__ import annotations

import re
import resource
import sys
from pathlib import Path

from databricks_alerts.engine import DeploymentOptions
from databricks_alerts.engine.engine import Engine


def main() -> None:
    """`up` or `preview` (with refresh); prints the peak memory of both processes in MB."""
    engine = Engine(Path.cwd(), "bench", passphrase="")
    operation = sys.argv[1]
    options = DeploymentOptions(parallel=16, refresh=operation == "preview")
    result = (engine.up if operation == "up" else engine.preview)(options, lambda _: None)
    if not result.succeeded or (operation == "preview" and result.changed):
        sys.exit(f"{result.error or result.failures or dict(result.changes)}")
    kilobytes = _own_peak() + resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    print(kilobytes / 1024)


def _own_peak() -> int:
    """This program's, in kB; getrusage counts what its parent had when it was forked, too."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0])


main()
