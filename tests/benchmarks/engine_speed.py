"""The embedded engine on N alerts in one destination, against a workspace that answers at once."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.benchmarks.measurement import Measurement, report

ROOT = Path(__file__).parents[2]
# N: bars of `up --skip-preview` from nothing and of `preview --refresh` with nothing changed.
BARS = {300: (10, 6), 1000: (25, 12)}
LARGE = {10_000: (300, 120)}

PROGRAM = """
import os, pulumi, pulumi_databricks as databricks
destination = databricks.NotificationDestination(
    "ops", display_name="ops", config={"email": {"addresses": ["a@b.co"]}})
for number in range(int(os.environ["ALERTS"])):
    databricks.AlertV2(
        f"R-{number}", display_name=f"rule {number}", query_text=f"SELECT {number} AS value",
        warehouse_id="1", parent_path="/Workspace/Shared/bench",
        evaluation={"source": {"name": "value"}, "comparison_operator": "GREATER_THAN",
            "empty_result_state": "OK", "threshold": {"value": {"double_value": 1}},
            "notification": {"subscriptions": [{"destination_id": destination.id}]}},
        schedule={"quartz_cron_schedule": "0 0 8 * * ?", "timezone_id": "UTC",
            "pause_status": "PAUSED"})
"""


def measure(folder: Path) -> Iterator[Measurement]:
    """Every size; 10,000 only with BENCH_LARGE=1, as it takes minutes."""
    sizes = {**BARS, **(LARGE if os.environ.get("BENCH_LARGE") else {})}
    for size, (up_bar, preview_bar) in sizes.items():
        with instant_workspace() as host:
            yield from _measure(folder / f"engine-{size}", size, host, up_bar, preview_bar)


@contextmanager
def instant_workspace() -> Iterator[str]:
    """The address of a workspace of its own that answers at once."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.instant_workspace"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stdout is not None
        try:
            yield server.stdout.readline().strip()
        finally:
            server.terminate()


def make_project(folder: Path) -> None:
    """A project whose program declares ALERTS alerts in one destination."""
    folder.mkdir()
    (folder / "Pulumi.yaml").write_text(
        "name: bench\nruntime: python\nbackend:\n  url: file://./state\n"
    )
    (folder / "__main__.py").write_text(PROGRAM)


def environment(size: int, host: str) -> dict[str, str]:
    """What that program and both engines see."""
    return {
        **os.environ,
        "ALERTS": str(size),
        "DATABRICKS_HOST": host,
        "DATABRICKS_TOKEN": "t",
        "PULUMI_CONFIG_PASSPHRASE": "",
        "PYTHONPATH": str(ROOT),
    }


def _measure(
    folder: Path, size: int, host: str, up_bar: float, preview_bar: float
) -> Iterator[Measurement]:
    make_project(folder)
    seconds, memory = run(folder, size, host, "up")
    yield report(f"engine: up of {size} alerts from nothing", seconds, up_bar)
    if size == 1000:
        yield report(f"engine: memory at {size} alerts, both processes", memory, 350, "MB")
    seconds, _ = run(folder, size, host, "preview")
    yield report(f"engine: preview --refresh of {size}, nothing changed", seconds, preview_bar)


def run(folder: Path, size: int, host: str, operation: str) -> tuple[float, float]:
    """Seconds of one operation in a process of its own, and its peak memory with the program's."""
    started = time.perf_counter()
    answer = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.engine_run", operation],
        cwd=folder,
        env=environment(size, host),
        check=True,
        capture_output=True,
        text=True,
    )
    return time.perf_counter() - started, float(answer.stdout.split()[-1])
