"""Mutes from the command line to the workspace and back."""

from __future__ import annotations

import json
from typing import Any

from databricks.sdk import WorkspaceClient
from project import Project

_ASKED = ("--reason", "migration", "-s", "test")


def alerts_of(project: Project) -> dict[str, dict[str, Any]]:
    """The bodies of this project's alerts by alert_id, without what the workspace adds."""
    sdk = WorkspaceClient(profile="local", config_file=str(project.workspace.config_file))
    rows = project.sql("SELECT alert_id, databricks_alert_id FROM alert_configurations")
    found = {}
    for key, identity in rows:
        body = sdk.alerts_v2.get_alert(str(identity)).as_dict()
        found[str(key)] = {name: value for name, value in body.items() if name != "update_time"}
    return found


def drift(project: Project) -> list[Any]:
    entries = json.loads(project.alerts("status", "-s", "test", "--json").out)
    return [entry["drift"] for entry in entries if entry["drift"]]


def mutes(project: Project, *arguments: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(
        project.alerts("mutes", "-s", "test", "--json", *arguments).out
    )
    return found


def test_mutes_are_part_of_the_plan_and_their_end_gives_the_alerts_back(project: Project) -> None:
    """In force: one field changes, the preview says until when, nothing is drift, and back."""
    project.keep_rules("COST-001", "COST-002", "SEC-001")
    project.sql("UPDATE alert_configurations SET pause_status = 'UNPAUSED'")
    assert project.deploy().status == 0
    before = alerts_of(project)
    paused = project.alerts("mute", "COST-001", "--for", "4h", *_ASKED)
    assert paused.status == 0, paused.text
    assert ": COST-001" in paused.out
    silent = project.alerts("mute", "domain=SECURITY", "--silent", "--for", "1d", *_ASKED)
    assert silent.status == 0, silent.text
    assert drift(project) == []
    preview = project.preview()
    assert preview.status == 0
    assert "(paused: migration, by admin@local.test): COST-001" in preview.text
    assert "(silent: migration, by admin@local.test): SEC-001" in preview.text
    assert preview.text.count("muted until") == 2
    assert "2 to update" in preview.text, preview.text
    gate = project.alerts("gate", "-s", "test", "--engine", "embedded")
    assert gate.text.count("muted until") == 2
    done = project.up("--mutes")
    assert done.status == 0, done.text
    during = alerts_of(project)
    assert during["COST-002"] == before["COST-002"]
    assert during["COST-001"]["schedule"].pop("pause_status") == "PAUSED"
    assert not during["SEC-001"]["evaluation"]["notification"].pop("subscriptions", None)
    expected = json.loads(json.dumps(before))
    del expected["COST-001"]["schedule"]["pause_status"]
    notification = expected["SEC-001"]["evaluation"]["notification"]
    assert {item.get("destination_id") for item in notification.pop("subscriptions")}
    left = during["SEC-001"]["evaluation"].get("notification", {})
    assert {**notification, **left} == notification
    during["SEC-001"]["evaluation"]["notification"] = notification
    assert during == expected
    assert drift(project) == []
    assert "unchanged" in project.up().text
    assert "no mute begins or ends" in project.up("--mutes").text
    shown = project.alerts("show", "COST-001", "-s", "test")
    assert "muted until" in shown.out
    # The row's own edit waits for a deployment of its own: --mutes is only about muted rules.
    project.sql(
        "UPDATE alert_configurations SET threshold_value_double = 1e9 WHERE alert_id = 'COST-002'"
    )
    [mine] = [item["mute_id"] for item in mutes(project) if item["kind"] == "paused"]
    for wanted in (mine, "domain=SECURITY"):
        ended = project.alerts("unmute", wanted, "-s", "test")
        assert ended.status == 0, ended.text
    assert drift(project) == []
    assert mutes(project) == []
    assert len(mutes(project, "--all")) == 2
    assert project.up("--mutes").status == 0
    assert alerts_of(project) == before
    assert drift(project) == []


def test_what_is_wrong_is_told_before_anything_is_written(project: Project) -> None:
    project.keep_rules("COST-001")
    recurring = ("--every", "0 0 22 * * ?", "--for")
    cases: list[tuple[tuple[str, ...], str]] = [
        (("COST-001",), "a mute needs an end"),
        (("COST-001", "--for", "soon"), "--for soon: 'soon' is no length of time"),
        (("COST-001", "--until", "2020-01-01"), "that is over already"),
        (("COST-001", "--until", "tomorrow"), "--until tomorrow: that is no time"),
        (("COST-001", "--for", "1h", "--until", "2099-01-01"), "give one of them"),
        (("COST-0O1", "--for", "1h"), "did you mean COST-001?"),
        (("team=x", "--for", "1h"), "SELECTOR: 'team=x': there is no 'team'"),
        (("COST-001", *recurring, "25h"), "still on when the next begins"),
        (("COST-001", *recurring, "24h"), "no end"),
        (("COST-001", *recurring, "1h", "--timezone", "Mars"), "--timezone Mars: there is no"),
        (("COST-001", "--every", "nightly", "--for", "1h"), "--every: recurrence_cron 'nightly'"),
    ]
    for arguments, said in cases:
        answer = project.alerts("mute", *arguments, *_ASKED)
        assert (answer.status, said in answer.text) == (2, True), (arguments, answer.text)
    blank = project.alerts("mute", "COST-001", "--for", "1h", "--reason", " ", "-s", "test")
    assert (blank.status, "--reason: reason is empty" in blank.text) == (2, True), blank.text
    gone = project.alerts("unmute", "mute-none", "-s", "test")
    assert (gone.status, "there is no mute 'mute-none'" in gone.text) == (2, True), gone.text
    assert project.sql("SELECT count(*) FROM alert_mutes") == [(0,)]
    later = project.alerts("mute", "COST-001", "--from", "2099-01-01", "--for", "1h", *_ASKED)
    assert later.status == 0, later.text
    assert project.alerts("unmute", "COST-001", "-s", "test").status == 0
    assert project.sql("SELECT count(*) FROM alert_mutes") == [(0,)], "it never began"


def test_bad_rows_are_findings_and_no_table_is_no_mute(project: Project) -> None:
    project.keep_rules("COST-001")
    project.sql(
        "INSERT INTO alert_mutes (mute_id, selector, kind, starts_at, reason, created_by) VALUES "
        "('endless', '*', 'paused', current_timestamp(), 'peace', 'ana')"
    )
    listed = project.alerts("mutes", "-s", "test")
    assert listed.status == 1
    checked = project.alerts("validate", "-s", "test")
    assert checked.status == 1
    for answer in (listed, checked):
        assert "endless alert_mutes.ends_at: a mute needs an end" in answer.text
        assert "correct or DELETE the row with 'endless' in alert_mutes" in answer.text
    assert project.deploy().status == 0, "a bad mute holds no rule up"
    assert "its row is deleted" in project.alerts("unmute", "endless", "-s", "test").out
    assert project.alerts("mutes", "-s", "test").status == 0
    project.sql("DROP TABLE alert_mutes")
    assert "unchanged" in project.up().text
    answer = project.alerts("mute", "COST-001", "--for", "1h", *_ASKED)
    assert (answer.status, "Migrate them: alerts init" in answer.text) == (1, True)
    made = project.alerts("init", "-s", "test", "--no-views")
    assert "created table alert_mutes" in made.out
    assert project.alerts("mutes", "-s", "test").status == 0
