"""The main job on the local workspace: 29 rules, nothing to do the second time."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from databricks.sdk.core import Config
from project import PASSPHRASE, Project, make_project

from databricks_alerts.local_workspace import process
from tests.benchmarks.measurement import Measurement, report

ROOT = Path(__file__).parents[2]


def measure(folder: Path) -> Iterator[Measurement]:
    """Deploy 29 rules, then measure runs that have nothing to do."""
    started = time.perf_counter()
    running = process.start(folder / "workspace")
    yield report("local workspace: start to ready", time.perf_counter() - started, 3)
    try:
        yield from _measure(make_project(folder / "project", running))
    finally:
        process.stop(folder / "workspace")


def _measure(project: Project) -> Iterator[Measurement]:
    run_alerts(project, "init")
    seed_rules(project)
    first = run_alerts(project, "up", "--yes", "--engine", "embedded")
    yield report("up of 29 rules from nothing (preview + up)", first, 15)
    _requests(project, "DELETE")
    again = run_alerts(project, "up", "--yes", "--engine", "embedded")
    yield report("up of 29 rules, nothing to do (one program run)", again, 3.3)
    counts = _requests(project, "GET")
    writes = sum(
        item["count"]
        for item in counts
        if item["method"] != "GET" and item["path"].startswith("/api/")
    )
    yield report("write requests when nothing changed", writes, 0, "calls")
    yield report("statements a rule in validation", _validation(project)[0] / 29, 2, "stmts")


def measure_far_away(folder: Path) -> Iterator[Measurement]:
    """The same job where every request, SQL too, takes 300 ms more, as over an ocean."""
    running = process.start(folder / "far")
    project = make_project(folder / "far-project", running)
    try:
        run_alerts(project, "init")
        seed_rules(project)
        _call(project, "/local/faults", "POST", {"kind": "latency", "seconds": 0.3})
        _, seconds = _validation(project)
        yield report("300 ms away: validation of 29 rules", seconds, 3)
        first = run_alerts(project, "up", "--yes", "--engine", "embedded")
        yield report("300 ms away: up of 29 rules from nothing", first, 15)
        _requests(project, "DELETE")
        again = run_alerts(project, "up", "--yes", "--engine", "embedded")
        yield report("300 ms away: up, nothing to do", again, 10)

        reads = sum(int(str(item["count"])) for item in _requests(project, "GET"))
        yield report("300 ms away: requests when nothing changed", reads, 60, "calls")
    finally:
        process.stop(folder / "far")


def run_alerts(project: Project, *arguments: str) -> float:
    """Seconds that a command takes in a process of its own, as a user runs it."""
    started = time.perf_counter()
    answer = subprocess.run(
        [sys.executable, "-m", "databricks_alerts.cli.app", *arguments, "-s", "test"],
        cwd=project.directory,
        env={**settled_environment()},
        check=False,
        capture_output=True,
        text=True,
    )
    if answer.returncode != 0:
        sys.exit(f"alerts {' '.join(arguments)} failed:\n{answer.stdout}\n{answer.stderr}")
    return time.perf_counter() - started


def settled_environment() -> dict[str, str]:
    """The environment of commands on the stack `test`."""
    import os

    return {**os.environ, "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE, "PYTHONPATH": str(ROOT)}


def seed_rules(project: Project) -> None:
    """Rules and gold tables as `alerts seed -s local` makes them, on a schema of our own."""
    from databricks_alerts.packs.loader import find_pack, load_pack
    from databricks_alerts.packs.seed import seed
    from databricks_alerts.packs.views import make_missing_views, read_views
    from databricks_alerts.sql.warehouse import open_warehouse

    pack = load_pack(find_pack("health_monitor", ROOT / "packs"))
    schema = _Schema("main", project.schema)
    with open_warehouse(_config(project), project.workspace.warehouse_id) as warehouse:
        seed(warehouse, schema, pack, {}, by="bench", local_host=project.workspace.url)
        make_missing_views(warehouse, schema, read_views(pack.folder, schema))


def _config(project: Project) -> Config:
    from databricks_alerts.workspace_view.connection import sdk_config

    profile = {
        "databricks:profile": "local",
        "databricks:configFile": str(project.workspace.config_file),
    }
    return sdk_config(profile, project.directory)


class _Schema:
    def __init__(self, catalog: str, gold_schema: str) -> None:
        self.catalog, self.gold_schema = catalog, gold_schema


def _validation(project: Project) -> tuple[int, float]:
    """The statements that one validation sends, and its seconds."""
    from databricks_alerts.rules.settings import Settings
    from databricks_alerts.snapshot import read_snapshot
    from databricks_alerts.sql.warehouse import open_warehouse
    from databricks_alerts.validation import validate

    settings = Settings(
        catalog="main",
        gold_schema=project.schema,
        warehouse_id=project.workspace.warehouse_id,
        parent_path="/Workspace/Shared/x",
    )
    with open_warehouse(_config(project), settings.warehouse_id) as warehouse:
        snapshot = read_snapshot(warehouse, settings)
        before = warehouse.statements
        started = time.perf_counter()
        validate(snapshot, settings, warehouse)
        return warehouse.statements - before, time.perf_counter() - started


def _requests(project: Project, method: str) -> list[dict[str, object]]:
    """The workspace's own counts of requests; DELETE begins anew."""
    found: list[dict[str, object]] = _call(project, "/local/requests", method).get("requests", [])
    return found


def _call(project: Project, path: str, method: str, body: object = None) -> Any:
    """One request to the workspace."""
    request = urllib.request.Request(
        f"{project.workspace.url}{path}",
        method=method,
        data=json.dumps(body).encode() if body is not None else None,
        headers={
            "Authorization": f"Bearer {project.workspace.token}",
            "Content-Type": "application/json",
        },
    )
    with urllib.request.urlopen(request) as response:
        return json.load(response)
