"""The project's own program, run by both engines on the same rules.

Each is played embedded → real → embedded and real → embedded → real, as the other matrix, but what
changes between the runs are rows of the tables.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from parity_comparison import shape_of, state_of, steps_of
from parity_differences import plain_shape, plain_state, plain_steps, told
from parity_engines import STACK, Embedded, EngineUnderTest, Real, Run
from project import Project, seeded_project
from test_plain_program import take_name, workspace

from databricks_alerts.engine.options import DeploymentOptions
from databricks_alerts.local_workspace.process import Running

pytestmark = pytest.mark.real_engine

BROKEN = "SELECT nothing AS value FROM nowhere_at_all"
NOT_YET = ("COST-003", "COST-004", "COST-005")
DEPLOYED = ("COST-001", "COST-002", "COST-007", "PERF-001")


@dataclass(frozen=True)
class Change:
    """A change of the rows: what it does to which alert, as the steps show it."""

    statement: str
    key: str
    steps: frozenset[str]


CHANGES = {
    "update": Change("threshold_value_double = 4711", "COST-001", frozenset({"update"})),
    "hold": Change(f"alert_query_template = '{BROKEN}'", "COST-002", frozenset({"same"})),
    "delete": Change("is_enabled = false", "COST-007", frozenset({"delete"})),
    "rename-of-key": Change("alert_id = 'PERF-101'", "PERF-001", frozenset({"same PERF-101"})),
    "adoption": Change("is_enabled = true", "COST-003", frozenset({"import", "update"})),
    "skip": Change(
        f"is_enabled = true, alert_query_template = '{BROKEN}'", "COST-004", frozenset()
    ),
    "create": Change("is_enabled = true", "COST-005", frozenset({"create"})),
}


@contextmanager
def prepared(folder: Path, local_workspace: Running) -> Iterator[Project]:
    """A project with a few rules, of which some are not enabled yet."""
    with seeded_project(folder / "project", local_workspace) as project:
        project.keep_rules(*DEPLOYED, *NOT_YET)
        listed = ", ".join(f"'{key}'" for key in NOT_YET)
        project.sql(
            f"UPDATE alert_configurations SET is_enabled = false WHERE alert_id IN ({listed})"
        )
        (project.directory / ".alerts/state").mkdir(parents=True)
        yield project


def play(
    project: Project, first: EngineUnderTest, second: EngineUnderTest, real: Real
) -> tuple[tuple[Run, Run, Run], tuple[Any, Any]]:
    """Deploy, change everything, hand over, look again."""
    folder = project.directory
    if first is real:
        assert real.pulumi(folder, "stack", "init", STACK).status == 0
    one = first.run(folder, "up", DeploymentOptions())
    assert one.status == 0, one.said
    before = state_of(folder)
    name = project.sql(
        "SELECT concat('[', severity, '] ', alert_name) FROM alert_configurations "
        "WHERE alert_id = 'COST-003'"
    )[0][0]
    take_name(project, str(name))
    for change in CHANGES.values():
        project.sql(
            f"UPDATE alert_configurations SET {change.statement} WHERE alert_id = '{change.key}'"
        )
    two = second.run(folder, "up", DeploymentOptions())
    after = state_of(folder)
    three = first.run(folder, "preview", DeploymentOptions())
    return (one, two, three), (before, after)


def test_rows_that_change_in_every_way(
    tmp_path: Path,
    local_workspace: Running,
    embedded: Embedded,
    attached: Real,
    subtests: pytest.Subtests,
) -> None:
    played = {}
    for first, second in ((embedded, attached), (attached, embedded)):
        with prepared(tmp_path / first.name, local_workspace) as project:
            played[second.name] = play(project, first, second, attached)
    for engine, (runs, _) in played.items():
        assert runs[1].status == 0, runs[1].said
        for name, change in CHANGES.items():
            with subtests.test(name, engine=engine):
                assert _of(runs[1], change) == change.steps
        with subtests.test("nothing is left to do", engine=engine):
            assert busy(runs[2]) == []
    with subtests.test("the same steps"):
        real, own = (plain_steps(steps_of(played[name][0][1])) for name in ("real", "embedded"))
        assert own == real, told(own, real)
    with subtests.test("the same state"):
        real, own = (plain_state(played[name][1][1]) for name in ("real", "embedded"))
        assert own == real, told(own, real)


def busy(run: Run) -> list[str]:
    """The steps that do something."""
    return [line for line in plain_steps(steps_of(run)) if not line.startswith("same ")]


def _of(run: Run, change: Change) -> frozenset[str]:
    """The kinds of steps of a rule's alert; by its new key where that changed."""
    moved = next((step.split()[1] for step in change.steps if " " in step), None)
    found = set()
    for line in steps_of(run):
        kind, resource, *_ = line.split()
        key = resource[resource.index("::") + 2 :]
        if "AlertV2" in resource and key in (change.key, moved):
            found.add(f"{kind} {key}" if moved else kind)
    return frozenset(found)


@pytest.fixture
def project(tmp_path: Path, local_workspace: Running) -> Iterator[Project]:
    """A project with a few rules."""
    with prepared(tmp_path, local_workspace) as made:
        yield made


def test_too_many_deletes_stop_both_engines_before_anything_changes(
    project: Project, embedded: Embedded, attached: Real
) -> None:
    project.set_config("maxDeletes", "1")
    assert embedded.run(project.directory, "up", DeploymentOptions()).status == 0
    state = plain_state(state_of(project.directory))
    project.sql("DELETE FROM alert_configurations WHERE alert_id LIKE 'COST-%'")
    for engine in (attached, embedded):
        run = engine.run(project.directory, "up", DeploymentOptions())
        assert run.status == 1
        assert "maxDeletes" in run.said
        assert plain_state(state_of(project.directory)) == state


def test_a_trashed_alert_is_deployed_again_by_whoever_comes_next(
    project: Project, embedded: Embedded, attached: Real
) -> None:
    assert embedded.run(project.directory, "up", DeploymentOptions()).status == 0
    for engine, other in ((attached, embedded), (embedded, attached)):
        ids = project.sql(
            "SELECT databricks_alert_id FROM alert_configurations WHERE alert_id = 'COST-001'"
        )
        workspace(project).alerts_v2.trash_alert(str(ids[0][0]))
        run = engine.run(project.directory, "up", DeploymentOptions())
        assert run.status == 0, run.said
        kinds = {line.split()[0] for line in plain_steps(steps_of(run)) if "COST-001" in line}
        assert "create-replacement" in kinds
        assert busy(other.run(project.directory, "preview", DeploymentOptions())) == []


def test_an_environment_and_mutes_mean_the_same_to_both(
    project: Project, embedded: Embedded, attached: Real
) -> None:
    """Deployed by one, nothing is left to the other; and back, when mutes and settings go."""
    before = project.settings_file.read_text(encoding="utf-8")
    project.set_config("overrides", "{COST-001: {threshold: 7, schedule: 0 0 9 * * ?}}")
    project.set_config("channels", "[someone@example.com]")
    project.set_config("namePrefix", "'[dev] '")
    project.sql("UPDATE alert_configurations SET pause_status = 'UNPAUSED'")
    for arguments in (("COST-001", "--silent"), ("COST-002",)):
        muted = project.alerts("mute", *arguments, "-s", STACK, "--for", "9d", "--reason", "r")
        assert muted.status == 0, muted.text
    assert embedded.run(project.directory, "up", DeploymentOptions()).status == 0
    named, paused, told = _deployed(project)
    assert named == {True}
    assert paused == {"COST-002"}
    assert "COST-001" not in told
    assert busy(attached.run(project.directory, "preview", DeploymentOptions())) == []

    project.settings_file.write_text(before, encoding="utf-8")
    assert project.alerts("unmute", "COST-001", "-s", STACK).status == 0
    run = attached.run(project.directory, "up", DeploymentOptions())
    assert run.status == 0, run.said
    named, paused, told = _deployed(project)
    assert named == {False}
    assert paused == {"COST-002"}
    assert "COST-001" in told
    assert busy(embedded.run(project.directory, "preview", DeploymentOptions())) == []


def _deployed(project: Project) -> tuple[set[bool], set[str], set[str]]:
    """Whether names have the prefix, and the rules that are paused, and that notify somebody."""
    rows = project.sql(
        "SELECT databricks_alert_id, alert_id FROM alert_configurations WHERE is_enabled"
    )
    client = workspace(project)
    found = {str(rule): client.alerts_v2.get_alert(str(key)).as_dict() for key, rule in rows}
    paused = {k for k, alert in found.items() if alert["schedule"]["pause_status"] == "PAUSED"}
    told = {
        k for k, a in found.items() if a["evaluation"].get("notification", {}).get("subscriptions")
    }
    return {a["display_name"].startswith("[dev] ") for a in found.values()}, paused, told


def test_what_was_approved_is_what_pulumi_deploys(
    project: Project, attached: Real, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in attached.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("project.PASSPHRASE", attached.environment["PULUMI_CONFIG_PASSPHRASE"])
    first = project.alerts("up", "-s", STACK, "--yes", "--engine", "pulumi")
    assert first.status == 0, first.text
    project.sql(
        "UPDATE alert_configurations SET threshold_value_double = 42 WHERE alert_id = 'COST-001'"
    )
    planned = project.preview("--out", "plan.json")
    assert planned.status == 0, planned.text
    up = ("up", "-s", STACK, "--yes", "--engine", "pulumi", "--plan", "plan.json")
    done = project.alerts(*up)
    assert done.status == 0, done.text
    again = project.alerts(*up)
    assert again.status == 1
    assert "planned and no more: update COST-001" in again.text


def test_the_document_of_a_preview_has_one_shape(
    project: Project, embedded: Embedded, attached: Real
) -> None:
    assert attached.pulumi(project.directory, "stack", "init", STACK).status == 0
    documents = [
        embedded.run(project.directory, "preview", DeploymentOptions()).document,
        attached.preview_json(project.directory, DeploymentOptions()),
    ]
    own, real = (sorted(plain_shape(shape_of(document))) for document in documents)
    assert own == real, told(own, real)
