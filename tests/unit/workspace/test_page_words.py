"""What the page says: schedules, times, numbers, definitions, SQL in colours, messages."""

from __future__ import annotations

import copy
import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from databricks_alerts.local_workspace.page.highlight import pieces
from databricks_alerts.local_workspace.page.meaning import sentences, trigger
from databricks_alerts.local_workspace.page.received import received
from databricks_alerts.local_workspace.page.words import (
    exact,
    number,
    relative,
    schedule_in_words,
)

NOW = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("cron", "words"),
    [
        ("0 * * * * ?", "every minute"),
        ("0 */5 * * * ?", "every 5 minutes"),
        ("0 0 * * * ?", "every hour"),
        ("0 0 */4 * * ?", "every 4 hours"),
        ("0 30 8 * * ?", "at 08:30 every day (Asia/Tokyo)"),
        ("0 0 8 ? * MON", "at 08:00 on Mondays (Asia/Tokyo)"),
        ("nonsense", "never: 'nonsense' has 1 fields, Quartz has 6 or 7"),
    ],
)
def test_schedules_in_words(cron: str, words: str) -> None:
    assert schedule_in_words(cron, "Asia/Tokyo") == words


def test_times_are_told_from_now() -> None:
    assert relative(NOW + dt.timedelta(minutes=12, seconds=40), NOW) == "in 12 minutes"
    assert relative("2025-12-31T11:00:00Z", NOW) == "1 day ago"
    assert relative(NOW, NOW) == "now"
    assert relative(None, NOW) == "-"
    assert (exact(5400), exact(3600), exact(61)) == ("90 minutes", "hour", "61 seconds")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "-"),
        (True, "true"),
        (0.1 + 0.2, "0.3"),
        (14577.83, "14,577.83"),
        (1234567.5, "1,234,568"),
        (1e300, "1e+300"),
        (12345, "12,345"),
        (10**30, "1" + "0" * 30),
        ("x" * 300, "x" * 47 + "…"),
        ("NaN", "NaN"),
    ],
)
def test_numbers_are_readable(value: Any, words: str) -> None:
    assert number(value) == words


ALERT: dict[str, Any] = {
    "parent_path": "/Workspace/a",
    "owner_user_name": "ann@x.test",
    "effective_run_as": {"user_name": "bob@x.test"},
    "schedule": {
        "quartz_cron_schedule": "0 0 8 ? * MON",
        "timezone_id": "UTC",
        "pause_status": "PAUSED",
    },
    "evaluation": {
        "source": {"name": "cost", "aggregation": "SUM"},
        "comparison_operator": "GREATER_THAN",
        "threshold": {"value": {"double_value": 1500.0}},
        "empty_result_state": "OK",
        "notification": {
            "effective_notify_on_ok": True,
            "effective_retrigger_seconds": 3600,
            "subscriptions": [{"destination_id": "1"}],
        },
    },
    "parameters": [{"name": "n", "value": "1", "type": "STRING"}],
}


def test_a_definition_is_told_in_sentences() -> None:
    assert dict(sentences(ALERT)) == {
        "Triggers": "when sum(cost) of all rows > 1,500",
        "Without rows": "the state is OK",
        "Runs": "at 08:00 on Mondays (UTC); paused",
        "Notifies": "1 receiver when it triggers, and again every hour while it stays so; "
        "also when it is OK again",
        "Runs as": "bob@x.test",
        "Folder": "/Workspace/a",
        "Parameters": ":n = 1",
    }


def test_thresholds_may_be_columns_or_none() -> None:
    alert = copy.deepcopy(ALERT)
    alert["evaluation"] |= {"threshold": {"column": {"name": "limit", "aggregation": "MAX"}}}
    assert trigger(alert) == "> max(limit)"
    assert trigger(alert, 7.0) == "> max(limit) (7)"
    alert["evaluation"] |= {"threshold": None, "comparison_operator": "IS_NOT_NULL"}
    alert["evaluation"]["source"] = {"name": "v"}
    alert["evaluation"]["notification"] = {}
    told = dict(sentences(alert))
    assert told["Triggers"] == "when v of the first row IS NOT NULL"
    assert told["Notifies"] == "nobody"


def test_sql_is_cut_by_kinds() -> None:
    sql = "SELECT `a`, 'it''s' -- <b>\nFROM t WHERE x >= 1.5 /* end */"
    found = [(kind, text.strip()) for kind, text in pieces(sql) if kind]
    assert ("keyword", "SELECT") in found
    assert ("name", "`a`") in found
    assert "".join(text for kind, text in found if kind == "string") == "'it''s'"
    assert ("comment", "-- <b>") in found
    assert ("number", "1.5") in found
    assert ("comment", "/* end */") in found
    assert pieces("SELECT 'never closed") == [("", "SELECT 'never closed")]


SQL = st.lists(
    st.one_of(
        st.text(max_size=8),
        st.sampled_from(
            ["SELECT ", "'a'", "-- c\n", "/* d */", "`e`", "${f}", ":g", "1e3", "{{h}}"]
        ),
        st.sampled_from(
            ["group by ", "r'x'", '"y"', "\r\n", "\x00", "\U0001f600", "$$z$$", "a\\'"]
        ),
    ),
    max_size=12,
).map("".join)


@given(SQL)
def test_pieces_of_any_text_joined_are_that_text(sql: str) -> None:
    assert "".join(text for _, text in pieces(sql)) == sql


def test_pieces_of_the_packs_queries_joined_are_those() -> None:
    packs = Path(__file__).parents[3] / "packs"
    texts = [path.read_text() for path in packs.rglob("*.yaml")]
    assert texts
    for text in texts:
        assert "".join(piece for _, piece in pieces(text)) == text


def message(body: Any, via: str = "webhook") -> tuple[str, str, str]:
    found = received({"body": body, "via": via, "at": "2026-01-01T00:00:00Z", "name": "n"})
    assert found.raw == (body if isinstance(body, str) else json.dumps(body, indent=2))
    return found.service, found.title, found.text


def test_messages_are_read_as_their_services_show_them() -> None:
    section = {"type": "section", "text": {"type": "mrkdwn", "text": "*a &lt;b&gt;*\n1 <u|more>"}}
    context = {"type": "context", "elements": []}
    assert message({"text": "s", "blocks": [section, context]}) == ("Slack", "a <b>", "1 more")
    blocks = [{"type": "TextBlock", "text": "a \\<b\\>"}, {"type": "TextBlock", "text": "**x**"}]
    card = {"content": {"body": blocks}}
    assert message({"type": "message", "attachments": [card]}) == ("Teams", "a <b>", "x")
    event = {
        "event_action": "trigger",
        "payload": {"summary": "s", "severity": "critical", "custom_details": {"description": "d"}},
    }
    assert message(event) == ("PagerDuty", "s", "trigger, severity critical\nd")
    hook = {"event": "alert_state_change", "alert": {"title": "t", "description": "<p>x</p>"}}
    assert message(hook) == ("Webhook", "t", "x")
    assert message({"subject": "s", "plain": "p\n"}, "mail") == ("E-mail", "s", "p")


JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["blocks", "text", "attachments", "content", "body", "type", "event"])
            | st.sampled_from(["payload", "event_action", "alert", "subject", "custom_details"]),
            inner,
            max_size=4,
        )
    ),
)


@given(JSON, st.sampled_from(["mail", "webhook"]))
def test_messages_of_any_shape_are_shown(body: Any, via: str) -> None:
    document = {"body": body, "via": via, "at": "2026-01-01T00:00:00Z", "name": "n"}
    found = received(document)
    assert all(isinstance(text, str) for text in (found.service, found.title, found.text))
