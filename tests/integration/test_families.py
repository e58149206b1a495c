"""Rule families from a table's rows to alerts: tested, seeded, renamed, removed."""

from __future__ import annotations

from pathlib import Path

import pytest
from project import Project, make_project

from databricks_alerts.local_workspace.process import Running

PACK = "name: late\ntables: {orders: {at: TIMESTAMP}, bills: {at: TIMESTAMP}}\n"
RULES = """\
rules:
  - id: QUAL-002
    name: Late rows in {{ each.label }}
    schedule: 0 0 8 * * ?
    threshold: {column: late, operator: ">", value: "{{ each.most }}"}
    query: SELECT count(*) AS late FROM ${catalog}.${gold_schema}.`{{ each.source }}`
    for_each:
      query: SELECT * FROM ${catalog}.${gold_schema}.watched
      RENAMED
    tests:
      - name: none late
        rows: {"{{ each.source }}": []}
        expect: {state: OK, value: 0}
"""


@pytest.fixture
def project(tmp_path: Path, local_workspace: Running) -> Project:
    """A project with a pack of its own, whose family has the rows of the table watched."""
    made = make_project(tmp_path / "project", local_workspace)
    packs = made.directory / "packs"
    packs.unlink()
    (packs / "late").mkdir(parents=True)
    (packs / "late" / "pack.yaml").write_text(PACK)
    _write(made, "")
    assert made.alerts("init", "-s", "test").status == 0
    for table in ("orders", "bills"):
        made.sql(f"CREATE TABLE {table} (at TIMESTAMP)")
    made.sql("CREATE TABLE watched (key STRING, label STRING, source STRING, most INT)")
    made.sql("INSERT INTO watched VALUES ('a', 'Ann''s', 'orders', 5), ('b', 'Bob', 'bills', 6)")
    return made


def _write(project: Project, renamed: str) -> None:
    text = RULES.replace("RENAMED", renamed).replace("      \n", "")
    (project.directory / "packs" / "late" / "quality.yaml").write_text(text)


def _alerts(project: Project) -> dict[object, object]:
    found = project.sql("SELECT alert_id, databricks_alert_id FROM alert_configurations")
    return {row[0]: row[1] for row in found}


def test_a_family_lives_through_tests_seeding_renames_and_removals(project: Project) -> None:
    tested = project.alerts("test", "late", "-s", "test")
    assert (tested.status, "2 of 2 cases passed" in tested.out) == (0, True), tested.text
    seeded = project.alerts("seed", "late", "-s", "test")
    assert "2 rows inserted" in seeded.out, seeded.text
    assert project.deploy().status == 0
    before = _alerts(project)
    assert set(before) == {"QUAL-002@a", "QUAL-002@b"}
    assert None not in before.values()

    project.sql("UPDATE watched SET key = 'z', label = 'Zoe' WHERE key = 'a'")
    _write(project, "renamed_from: {z: a}")
    project.sql("UPDATE alert_configurations SET severity = 'CRITICAL'")  # a team's own
    seeded = project.alerts("seed", "late", "-s", "test")
    assert "QUAL-002@z takes over the row and the alert of QUAL-002@a" in seeded.out, seeded.text
    up = project.deploy()
    assert up.status == 0, up.text
    assert _alerts(project) == {
        "QUAL-002@z": before["QUAL-002@a"],
        "QUAL-002@b": before["QUAL-002@b"],
    }
    assert project.sql(
        "SELECT alert_name, severity FROM alert_configurations WHERE alert_id = 'QUAL-002@z'"
    ) == [("Late rows in Zoe", "CRITICAL")]
    again = project.alerts("seed", "late", "-s", "test")
    assert "0 rows inserted, 0 updated, 2 unchanged" in again.out, again.text

    project.sql("DELETE FROM watched WHERE key = 'b'")
    _write(project, "")
    project.set_config("maxDeletes", "0")
    refused = project.alerts("seed", "late", "-s", "test")
    assert refused.status == 1, refused.text
    assert "set databricks-alerts:maxDeletes to 1" in refused.text
    assert set(_alerts(project)) == {"QUAL-002@z", "QUAL-002@b"}
    project.settings_file.write_text(
        project.settings_file.read_text().replace("maxDeletes: 0", "maxDeletes: 1")
    )
    removed = project.alerts("seed", "late", "-s", "test")
    assert "deleted, no longer members of their families: QUAL-002@b" in removed.out, removed.text
    assert project.deploy().status == 0
    assert _alerts(project) == {"QUAL-002@z": before["QUAL-002@a"]}

    shown = project.alerts("show", "QUAL-002@z", "-s", "test")
    assert "packs/late/quality.yaml:2" in shown.out, shown.text


def test_members_that_a_table_has_wrong_are_told_and_nothing_is_written(project: Project) -> None:
    project.sql("INSERT INTO watched VALUES ('b', 'Bea', 'bills', 1), ('my c', 'C', 'bills', NULL)")
    for command in ("seed", "test"):
        answer = project.alerts(command, "late", "-s", "test")
        assert answer.status == 2, answer.text
        assert "quality.yaml:8:7: QUAL-002: the member b is given 2 times" in answer.text
        assert "the member 'my c' cannot be part of a rule's id; give it a key" in answer.text
    project.sql("DELETE FROM watched")
    answer = project.alerts("seed", "late", "-s", "test")
    assert "for_each.query gives no member" in answer.text
    project.sql("DROP TABLE watched")
    answer = project.alerts("seed", "late", "-s", "test")
    assert "QUAL-002: for_each.query fails" in answer.text
    assert _alerts(project) == {}
