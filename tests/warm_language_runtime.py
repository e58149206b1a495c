"""The language plugin, its programs forked from a process that has imported what they import."""

from __future__ import annotations

import atexit
import runpy

from databricks_alerts.engine import language_host
from tests import warm_programs

if __name__ == "__main__":
    language_host._spawn = warm_programs.start_warm  # type: ignore[assignment]
    atexit.register(warm_programs.close)
    runpy.run_module("databricks_alerts.engine.language_runtime", run_name="__main__")
