"""Rows of rules as a team may write them, in all their fields."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

from hypothesis import strategies as st

from databricks_alerts.rules.rows import Destination, Rule, read_rule
from databricks_alerts.rules.settings import Settings
from databricks_alerts.snapshot import Snapshot
from databricks_alerts.workspace_view.inventory import ExistingDestination, Inventory

SETTINGS = Settings(
    catalog="main", gold_schema="gold", warehouse_id="w", parent_path="/Workspace/Shared/a"
)
MOMENT = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
SLACK_ID, MAIL_ID = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
THEIRS = "33333333-3333-4333-8333-333333333333"
UNKNOWN = "44444444-4444-4444-8444-444444444444"
ODD = """it's `x` 😀|{{ALERT_NAME}}|"\t|# no|- a: b|yes|1.5|null|a\\n b\\|%{x}|$|$$|100%|\u2028|\x07
${x}|$${x}|%${x}|%%{if}|{{ var.x }}|{{ rule.name }}|2026-01-01|0x1f|~|&a|*a|!x|@|?|a: |{}|[1]"""
LINES = ["a\n\n b", "a\n", "\na", " a", "a ", "two\nlines", "a:\n  b\n", "~\n~", "\n", "a\r\nb"]
TEXTS = st.one_of(
    st.sampled_from([*ODD.replace("\n", "|").split("|"), *LINES]),
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=9),
)
NAMES = TEXTS.filter(lambda text: bool(text.strip()))
QUERIES = st.sampled_from(
    [
        "SELECT 1 AS v, 2 AS least",
        "SELECT 1 AS v, 2 AS least -- ends\n",
        "\n  SELECT 1 AS v\n  , 2 AS least\n",
        "SELECT 'it''s \\n %{x}' AS v, \"#\" AS least",
        "SELECT v, 1 AS least FROM ${catalog}.${gold_schema}.t",
    ]
)
AGGREGATIONS = st.sampled_from([None, None, "SUM", "MEDIAN", "COUNT_DISTINCT"])
KEYS = st.one_of(
    st.sampled_from(["COST-001", "a", "R 1", "é", "1-first", "x.y", "Z_9"]),
    st.from_regex(r"[A-Z]{1,4}-[0-9]{3}", fullmatch=True),
)


def destination(key: str, kind: str, identity: str | None, config: dict[str, Any]) -> Destination:
    return Destination(
        destination_id=key,
        destination_name=f"to {key} ${{x}}",
        destination_type=kind,  # type: ignore[arg-type]
        databricks_destination_id=identity,
        config_json=json.dumps(config) if config else None,
        owner="me",
        is_enabled=True,
        created_by="me",
        created_at=MOMENT,
    )


DESTINATIONS = (
    destination("slack", "SLACK", SLACK_ID, {"url": "{{secrets/s/k}}"}),
    destination("mail", "EMAIL", MAIL_ID, {"addresses": ["a@b.example"]}),
    destination("theirs", "WEBHOOK", THEIRS, {}),
    destination("new", "WEBHOOK", None, {"url": "https://h.example/${x}", "username": "u"}),
)
INVENTORY = Inventory(
    destinations=tuple(
        ExistingDestination(id=key, display_name=name, type=kind)
        for key, name, kind in [
            (SLACK_ID, "to slack ${x}", "SLACK"),
            (MAIL_ID, "to mail ${x}", "EMAIL"),
            (THEIRS, "x", "WEBHOOK"),
            (UNKNOWN, "y", "PAGERDUTY"),
        ]
    )
)


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    operator = draw(st.sampled_from([">", "<=", "=", "!=", "IS NULL", "IS NOT NULL"]))
    kind, column, value = draw(
        st.one_of(
            st.tuples(
                st.just("DOUBLE"),
                st.just("threshold_value_double"),
                st.one_of(st.floats(-1e12, 1e12), st.sampled_from([0.0, 1e300, 5e-324])),
            ),
            st.tuples(
                st.just("STRING"), st.just("threshold_value_string"), st.one_of(TEXTS, st.just(""))
            ),
            st.tuples(st.just("BOOLEAN"), st.just("threshold_value_bool"), st.booleans()),
        )
    )
    compared: dict[str, Any] = {}
    if not operator.startswith("IS"):
        compared = {column: value}
        if draw(st.integers(0, 3)) == 0:
            compared = {
                "threshold_value_column": "least",
                "threshold_value_aggregation": draw(AGGREGATIONS),
            }
    parameter = st.fixed_dictionaries(
        {"name": st.sampled_from(["n", "it's"])},
        optional={"type": st.just("NUMBER"), "value": st.sampled_from(["1", "", "${y}"])},
    )
    parameters = draw(st.lists(parameter, max_size=2, unique_by=lambda item: item["name"]))
    channels = st.sampled_from(["slack", "mail", "theirs", "x@y.example", UNKNOWN])
    often = st.integers(0, 9).map(lambda number: number > 0)
    messages = draw(st.booleans())
    found = read_rule(
        {
            "alert_id": draw(KEYS),
            "alert_name": draw(NAMES),
            "alert_description": draw(st.one_of(st.none(), TEXTS)),
            "agent_domain": draw(st.sampled_from(["QUALITY", "COST", "Fin ops", "été"])),
            "severity": draw(st.sampled_from(["CRITICAL", "WARNING", "INFO"])),
            "alert_query_template": draw(QUERIES),
            "threshold_column": "v",
            "threshold_operator": operator,
            "threshold_value_type": kind,
            **compared,
            "empty_result_state": draw(st.sampled_from(["OK", "TRIGGERED", "ERROR", "UNKNOWN"])),
            "aggregation_type": draw(AGGREGATIONS),
            "schedule_cron": draw(st.sampled_from(["0 0 8 * * ?", "0 0/5 * ? * MON-FRI"])),
            "schedule_timezone": draw(st.sampled_from(["UTC", "Europe/Berlin"])),
            "pause_status": draw(st.sampled_from(["PAUSED", "UNPAUSED"])),
            "is_enabled": draw(often),
            "notification_channels": draw(st.lists(channels, max_size=3, unique=True)),
            "notify_on_ok": draw(st.booleans()),
            "retrigger_seconds": draw(st.sampled_from([None, 0, 1, 86400])),
            "use_custom_template": messages,
            "custom_subject_template": draw(st.one_of(st.none(), TEXTS)),
            "custom_body_template": draw(st.one_of(st.none(), TEXTS)),
            "template_format": draw(st.sampled_from([None, "HTML", "MARKDOWN"])),
            "parameters": json.dumps(parameters) if parameters else None,
            "warehouse_id": draw(st.sampled_from([None, "other"])),
            "folder": draw(st.sampled_from([None, "team", "team/deep down"])),
            "run_as": draw(st.sampled_from([None, "ann@b.example", "an-application"])),
            "runbook_url": draw(st.sampled_from([None, "https://wiki.example/x"])),
            "owner": draw(NAMES),
            "created_by": "me",
            "created_at": MOMENT,
            "tags": draw(st.sampled_from([{}, {"team": "fin ops", "yes": "no"}])),
            "databricks_alert_id": draw(st.one_of(st.none(), st.uuids().map(str))),
        }
    )
    assert isinstance(found, Rule), found
    return found


def snapshot(found: list[Rule]) -> Snapshot:
    return Snapshot(
        config_version=1, destinations_version=1, rules=tuple(found), destinations=DESTINATIONS
    )
