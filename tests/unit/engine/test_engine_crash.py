"""Killed at any request, before or after it took effect, the next run finishes the work."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from engine_world import BOX, Lab, World, assert_sound, thing

from databricks_alerts.engine import project as projects
from databricks_alerts.engine.deployment import Deployment
from databricks_alerts.engine.stack_storage import StackStorage
from databricks_alerts.engine.steps.goal import Alias, Goal
from databricks_alerts.engine.values import Properties, Secret

pytestmark = pytest.mark.slow

REPOSITORY = Path(__file__).parents[3]


class FileWorld(World):
    """A workspace that outlives the process: an effect is in the file before it is told."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        if path.exists():
            self.things = {key: tuple(item) for key, item in json.loads(path.read_text()).items()}  # type: ignore[misc]

    @contextmanager
    def request(self, operation: str, urn: str, inputs: Properties) -> Iterator[None]:
        with super().request(operation, urn, inputs):
            yield
            self.keep()

    def keep(self) -> None:
        with self.lock:
            written = self.path.with_suffix(".new")
            written.write_text(json.dumps(self.things))
            written.replace(self.path)


def first(deployment: Deployment) -> None:
    box = deployment.register(thing("box", BOX, inputs={"fixed": 1})).state
    deployment.register(thing("stays", inputs={"secretWord": Secret("x")}))
    deployment.register(thing("old name", inputs={"value": 1}))
    deployment.register(thing("replaced", inputs={"fixed": 1}))
    deployment.register(_inside(box.urn, box.id))
    deployment.register(thing("goes"))


def second(deployment: Deployment) -> None:
    """Every kind of step: replacements of both kinds, a rename with an update, more and less."""
    box = deployment.register(thing("box", BOX, inputs={"fixed": 2})).state
    deployment.register(thing("stays", inputs={"secretWord": Secret("x")}))
    alias = [Alias(name="old name")]
    deployment.register(thing("new name", inputs={"value": 2}, aliases=alias))
    deployment.register(thing("replaced", inputs={"fixed": 2}))
    deployment.register(_inside(box.urn, box.id))
    deployment.register(thing("added", dependencies=[box.urn]))


def _inside(urn: str, box_id: str) -> Goal:
    return thing(
        "inside",
        inputs={"fixedOf": box_id},
        dependencies=[urn],
        property_dependencies={"fixedOf": [urn]},
    )


def make_lab(directory: Path) -> Lab:
    """A lab on a real backend in a folder, and a workspace in a file."""
    directory.mkdir(exist_ok=True)
    settings = directory / "Pulumi.dev.yaml"
    lab = Lab(directory, settings.read_text() if settings.exists() else "")
    lab.world = FileWorld(directory / "world.json")
    lab.world.numbers = itertools.count(time.time_ns())  # no process gives an id of another's
    project = projects.load(directory)
    lab.storage = StackStorage(project, "dev", f"file://{directory}", "pass")  # type: ignore[assignment]
    return lab


def child(directory: Path, at: int, late: bool) -> None:
    """Run `second` and die at the given request."""
    lab = make_lab(directory)
    world = lab.world
    assert isinstance(world, FileWorld)
    seen = 0

    def die(operation: str, name: str, inputs: object) -> None:
        nonlocal seen
        with world.lock:
            seen += 1
            if seen == at:
                os._exit(9)

    if late:
        world.late_fault = die
    else:
        world.fault = die
    lab.run(second)


@pytest.mark.parametrize("late", [False, True], ids=["before it took effect", "after"])
@pytest.mark.parametrize("at", range(1, 10))
def test_killed_at_a_request_the_next_run_converges(tmp_path: Path, at: int, late: bool) -> None:
    directory = tmp_path / "project"
    lab = make_lab(directory)
    assert lab.run(first).succeeded
    lab.world.keep()  # type: ignore[attr-defined]
    died = subprocess.run(
        [sys.executable, __file__, str(directory), str(at), str(int(late))],
        env={**os.environ, "PYTHONPATH": f"{REPOSITORY}{os.pathsep}{Path(__file__).parent}"},
        check=False,
        timeout=60,
    )
    assert died.returncode == 9

    lab = make_lab(directory)
    result = lab.run(second)
    assert result.succeeded, (result.failures, result.error)
    resources = StackStorage(lab.project, "dev", f"file://{directory}", "pass").load().resources
    assert_sound(resources)
    managed = {item.id: item for item in resources if item.type.startswith("test:")}
    assert set(managed) == set(lab.world.things)
    assert lab.world.names() == ["added", "box", "inside", "new name", "replaced", "stays"]
    assert not (directory / ".pulumi" / "journal").exists() or not list(
        (directory / ".pulumi" / "journal").rglob("*.ndjson")
    )
    lab.world.calls.clear()
    assert set(lab.run(second).changes) == {"same"}
    assert not lab.world.writes()


if __name__ == "__main__":
    child(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "1")
