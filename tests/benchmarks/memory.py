"""Memory of `alerts preview` with 990 rules: the command, its engine, and the program together."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from project import Project, make_project

from databricks_alerts.local_workspace import process
from tests.benchmarks.main_job import run_alerts, seed_rules, settled_environment
from tests.benchmarks.measurement import Measurement, report

RULES = 990  # a workspace holds 1,000 alerts
_LOOK_SECONDS = 0.05


def measure(folder: Path) -> Iterator[Measurement]:
    """The most that all processes of the command have at once (Linux only: /proc tells it)."""
    if not Path("/proc/self/smaps_rollup").exists():
        return
    running = process.start(folder / "memory")
    try:
        project = make_project(folder / "memory-project", running)
        run_alerts(project, "init")
        seed_rules(project)
        _multiply(project)
        yield report(f"alerts preview: memory at {RULES} rules", _peak(project), 350, "MB")
    finally:
        process.stop(folder / "memory")


def _multiply(project: Project) -> None:
    """One rule, and 989 like it."""
    project.sql("DELETE FROM alert_configurations WHERE alert_id <> 'COST-001'")
    names = [str(row[0]) for row in project.sql("DESCRIBE alert_configurations") if row[0]]
    values = {
        "alert_id": "concat('X-', id)",
        "alert_name": "concat(alert_name, ' ', id)",
    }
    project.sql(
        f"INSERT INTO alert_configurations ({', '.join(names)}) "
        f"SELECT {', '.join(values.get(name, name) for name in names)} "
        f"FROM alert_configurations CROSS JOIN range({RULES - 1})"
    )


def _peak(project: Project) -> float:
    """MB, what processes share counted once (proportional set size)."""
    command = [
        sys.executable,
        "-m",
        "databricks_alerts.cli.app",
        "preview",
        "--engine",
        "embedded",
        "-s",
        "test",
    ]
    peak = 0.0
    with subprocess.Popen(
        command,
        cwd=project.directory,
        env=settled_environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as running:
        while running.poll() is None:
            peak = max(peak, sum(map(_proportional, _family(running.pid))))
            time.sleep(_LOOK_SECONDS)
    if running.returncode != 0:
        sys.exit(f"alerts preview of {RULES} rules failed")
    return peak


def _family(pid: int) -> Iterator[int]:
    yield pid
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = task.read_text(encoding="utf-8").split()
        except OSError:  # it ended meanwhile
            continue
        for child in children:
            yield from _family(int(child))


def _proportional(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024
