"""The embedded engine beside the real one, on the same alerts in one run."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from databricks_alerts.cli.pulumi_tools import shell_environment, tools_of
from tests.benchmarks import engine_speed
from tests.benchmarks.measurement import Measurement, report

SIZE = 300
# The embedded engine's time is to be at most this share of the real one's.
SHARES = {"up": 0.5, "preview": 0.7}


def measure(folder: Path) -> Iterator[Measurement]:
    """`up` from nothing and a preview with --refresh; says so where there is no real engine."""
    if not tools_of(engine_speed.ROOT).cli.is_file():
        print("     both engines: not measured; `make pulumi` builds the real one where Go is")
        return
    with engine_speed.instant_workspace() as host:
        embedded = _embedded(folder / "both-embedded", host)
    with engine_speed.instant_workspace() as host:
        real = _real(folder / "both-pulumi", host)
    for operation, ours in embedded.items():
        theirs = real[operation]
        yield report(
            f"{operation} of {SIZE}: embedded {ours:.1f} s, pulumi {theirs:.1f} s",
            ours / theirs,
            SHARES[operation],
            "share",
        )


def _embedded(project: Path, host: str) -> dict[str, float]:
    engine_speed.make_project(project)
    return {
        operation: engine_speed.run(project, SIZE, host, operation)[0]
        for operation in ("up", "preview")
    }


def _real(project: Path, host: str) -> dict[str, float]:
    engine_speed.make_project(project)
    (project / "state").mkdir()
    environment = engine_speed.environment(SIZE, host)
    environment |= shell_environment(tools_of(engine_speed.ROOT), environment)
    environment["PULUMI_HOME"] = str(project / "home")

    def pulumi(*arguments: str) -> float:
        started = time.perf_counter()
        subprocess.run(
            ["pulumi", "--non-interactive", *arguments],
            cwd=project,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            check=True,
        )
        return time.perf_counter() - started

    pulumi("stack", "init", "bench")
    return {
        "up": pulumi("up", "--yes", "--skip-preview", "--stack", "bench"),
        "preview": pulumi("preview", "--refresh", "--expect-no-changes", "--stack", "bench"),
    }
