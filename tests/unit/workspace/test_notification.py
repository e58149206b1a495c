"""From states to notifications: who is told when, and in which words."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from databricks_alerts.local_workspace.evaluation.clock import Clock
from databricks_alerts.local_workspace.evaluation.models import Evaluation
from databricks_alerts.local_workspace.identity.models import User
from databricks_alerts.local_workspace.notification.decision import decide
from databricks_alerts.local_workspace.notification.markup import (
    mrkdwn_from_markdown,
    text_from_html,
)
from databricks_alerts.local_workspace.notification.message import compose
from databricks_alerts.local_workspace.notification.notifier import is_loopback
from databricks_alerts.local_workspace.notification.payloads import (
    Sender,
    pagerduty,
    slack,
    teams,
    webhook,
)

T0 = dt.datetime(2026, 11, 23, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("state", "before", "waited", "retrigger", "on_ok", "reason"),
    [
        ("TRIGGERED", None, None, 0, False, "TRIGGERED"),
        ("TRIGGERED", "OK", None, 0, False, "TRIGGERED"),
        ("TRIGGERED", "TRIGGERED", 9999, 0, False, None),
        ("TRIGGERED", "TRIGGERED", 59, 60, False, None),
        ("TRIGGERED", "TRIGGERED", 60, 60, False, "RETRIGGERED"),
        ("OK", "TRIGGERED", 1, 0, True, "OK"),
        ("OK", "TRIGGERED", 1, 0, False, None),
        ("OK", None, None, 0, True, None),
        ("OK", "OK", None, 0, True, None),
        ("ERROR", "TRIGGERED", 9999, 60, True, None),
        ("UNKNOWN", "OK", None, 0, True, None),
    ],
)
def test_who_is_told_when(
    state: str,
    before: str | None,
    waited: int | None,
    retrigger: int,
    on_ok: bool,
    reason: str | None,
) -> None:
    at = T0 + dt.timedelta(seconds=waited or 0)
    last = T0 if waited is not None else None
    found = decide(
        state,
        before=before,
        last_told=last,
        at=at,
        retrigger_seconds=retrigger,
        notify_on_ok=on_ok,
    )
    assert found == reason


def evaluation(**changes: Any) -> Evaluation:
    values: dict[str, Any] = {
        "id": "e",
        "alert_id": "a",
        "display_name": "n",
        "at": T0,
        "state": "TRIGGERED",
        "previous_state": "OK",
        "value": 11.0,
        "threshold": 10.0,
        "operator": "GREATER_THAN",
        "column": "v",
        "rows": ({"v": 11, "w": "<script>"},),
        "columns": ("v", "w"),
    }
    return Evaluation(**{**values, **changes})


ALERT = {"id": "a", "display_name": "n", "query_text": "SELECT 1"}


def test_variables_are_escaped_in_html_and_only_there() -> None:
    template = (
        "{{ALERT_STATUS}} {{ALERT_CONDITION}} {{{QUERY_RESULT_VALUE}}} {{QUERY_RESULT_TABLE}}"
        "{{#QUERY_RESULT_ROWS}}{{{w}}}{{&w}}{{/QUERY_RESULT_ROWS}}"
    )
    message = compose({**ALERT, "custom_description": template}, evaluation(), "http://h")
    assert "<script>" in message.text
    assert "<script>" not in message.html
    assert "&lt;script&gt;" in message.html
    assert "<table>" in message.html
    assert "<table>" not in message.text


TOLD = (
    "**{{ALERT_STATUS}}** {{QUERY_RESULT_VALUE}} [open]({{ALERT_URL}})\n\n"
    "{{#QUERY_RESULT_ROWS}}- {{w}}\n{{/QUERY_RESULT_ROWS}}\n{{QUERY_RESULT_TABLE}}"
)


def test_markdown_is_rendered_for_each_receiver_and_values_stay_text() -> None:
    rows = ({"v": 11, "w": "*x* <b> [l](http://evil) | y"},)
    alert = {**ALERT, "custom_description": TOLD, "custom_template_format": "MARKDOWN"}
    message = compose(alert, evaluation(rows=rows), "http://h")
    assert "<strong>TRIGGERED</strong>" in message.html
    assert '<a href="http://h/alerts/a">open</a>' in message.html
    assert "<td>*x* &lt;b&gt; [l](http://evil) | y</td>" in message.html
    assert "evil" not in "".join(
        part for part in message.html.split("<a ")[1:] if "evil" in part[:40]
    )
    assert "TRIGGERED 11 open" in message.text
    block = slack({"url": "u"}, message).body["blocks"][0]["text"]["text"]
    assert "*TRIGGERED* 11 <http://h/alerts/a|open>" in block
    assert "• *x* &lt;b&gt; [l](http://evil) | y" in block
    card = teams({"url": "u"}, message).body["attachments"][0]["content"]["body"][1]["text"]
    assert card.startswith("**TRIGGERED** 11 [open](http")
    assert "\\*x\\*" in card


def test_html_is_markup_in_mail_and_words_elsewhere() -> None:
    template = (
        "<h1>{{ALERT_NAME}}</h1><p>a &lt; b<br>{{QUERY_RESULT_VALUE}}</p>{{QUERY_RESULT_TABLE}}"
    )
    message = compose({**ALERT, "custom_description": template}, evaluation(), "http://h")
    assert message.html.startswith("<h1>n</h1>")
    assert message.text == "n\na < b\n11\nv | w\n11 | <script>"
    assert "&lt;script&gt;" in slack({"url": "u"}, message).body["blocks"][0]["text"]["text"]
    event = pagerduty({"integration_key": "k"}, {**ALERT}, evaluation(), message, "u").body
    assert event["payload"]["custom_details"]["description"] == message.text


def test_nulls_and_truth_values_are_those_of_sql() -> None:
    template = (
        "{{QUERY_RESULT_VALUE}} {{ALERT_THRESHOLD}}"
        "{{#QUERY_RESULT_ROWS}} {{a}} {{b}} {{c}}{{#b}} never{{/b}}{{^b}} absent{{/b}}"
        "{{/QUERY_RESULT_ROWS}} {{QUERY_RESULT_ROWS}}"
    )
    found = evaluation(
        value=None, threshold=True, rows=({"a": True, "b": None, "c": False},), columns=("a",)
    )
    message = compose({**ALERT, "custom_description": template}, found, "http://h")
    assert message.text == ('null true true null false absent [{"a": true, "b": null, "c": false}]')


def test_markup_that_does_not_close_does_no_harm() -> None:
    assert text_from_html("a <b>c</p> &amp; <script>x()</script>d < e") == "a c\n& d < e"
    assert mrkdwn_from_markdown("# Title\n\n1. `a<b`\n\n```\n<x>\n```") == (
        "*Title*\n• `a&lt;b`\n```\n&lt;x&gt;\n```"
    )


# docs.databricks.com, "SQL alert webhook payload": which fields there are, of which kind.
DOCUMENTED: dict[str, Any] = {
    "event": str,
    "url_base": str,
    "alert": {
        "title": str,
        "description": str,
        "alert": {
            "id": str,
            "name": str,
            "owner": {"id": int, "name": str, "email": str},
            "created_at": int,
            "parent": str,
            "query_text": str,
            "warehouse_id": str,
            "custom_summary": str,
            "custom_description": str,
            "evaluations": [
                {
                    "id": str,
                    "source": {"name": str, "display": str, "aggregation": str},
                    "comparison_operator": str,
                    "threshold": {"value": {"double_value": float}},
                    "empty_result_state": str,
                    "notification": {
                        "seconds_to_retrigger": int,
                        "notify_on_ok": bool,
                        "subscriptions": [{"destination_id": str}],
                    },
                }
            ],
        },
    },
}
FULL: dict[str, Any] = {
    "id": "9876",
    "display_name": "Daily revenue",
    "query_text": "SELECT sum(revenue) AS total FROM daily",
    "warehouse_id": "4b9b",
    "owner_user_name": "alex@example.com",
    "create_time": "2026-01-01T00:00:00.000Z",
    "parent_path": "/Workspace/Users/alex@example.com",
    "custom_summary": 'Alert "{{ALERT_NAME}}" changed status to {{ALERT_STATUS}}',
    "custom_description": "Daily revenue exceeded the configured threshold.",
    "evaluation": {
        "source": {"name": "total"},
        "comparison_operator": "GREATER_THAN",
        "threshold": {"value": {"double_value": 100000.0}},
        "empty_result_state": "OK",
        "notification": {
            "retrigger_seconds": 3600,
            "notify_on_ok": True,
            "subscriptions": [{"destination_id": "d"}],
        },
    },
}
SENDER = Sender("http://h/sql?o=1", User("7", "alex@example.com", False, False, "Alex"), 42)


def shape(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: shape(item) for name, item in value.items()}
    return [shape(item) for item in value] if isinstance(value, list) else type(value)


def posted(alert: dict[str, Any]) -> dict[str, Any]:
    found = evaluation(id="e-1")
    return webhook({"url": "u"}, alert, found, compose(alert, found, "http://h"), SENDER).body


def test_a_webhooks_body_is_the_documented_one() -> None:
    body = posted(FULL)
    assert shape(body) == DOCUMENTED
    assert body["event"] == "alert_state_change"
    assert body["alert"]["title"] == 'Alert "Daily revenue" changed status to TRIGGERED'
    told = body["alert"]["alert"]
    assert (told["created_at"], told["parent"]) == (1767225600000, "folders/42")
    assert told["custom_summary"] == FULL["custom_summary"]
    assert told["evaluations"][0]["source"]["aggregation"] == "AGGREGATION_UNSPECIFIED"


def test_fields_without_a_value_are_left_out() -> None:
    bare = {
        **{name: value for name, value in FULL.items() if not name.startswith("custom_")},
        "evaluation": {"source": {"name": "v"}, "comparison_operator": "IS_NULL"},
    }
    told = posted(bare)["alert"]["alert"]
    assert not {"custom_summary", "custom_description"} & told.keys()
    assert told["evaluations"][0].keys() == {"id", "source", "comparison_operator"}
    text = str(posted(bare))
    assert "None" not in text
    assert "{}" not in text


def test_a_broken_template_is_told_and_the_usual_words_are_used() -> None:
    usual = compose({**ALERT, "custom_description": "{{#a}}{{/b}}"}, evaluation(), "http://h")
    assert usual.problem is not None
    assert "condition: > 10" in usual.text


def test_a_clock_begins_where_it_is_told_and_runs_at_its_speed() -> None:
    clock = Clock(T0, speed=1e6)
    first = clock()
    second = clock()
    assert T0 <= first < second
    clock.set(T0, 1.0)
    assert clock() - T0 < dt.timedelta(seconds=60)


@pytest.mark.parametrize(
    ("url", "here"),
    [
        ("http://127.0.0.1:1/x", True),
        ("http://[::1]/x", True),
        ("http://localhost/x", True),
        ("https://hooks.example/x", False),
        ("http://127.0.0.1.example/x", False),
        ("http://10.0.0.1/", False),
        ("nonsense", False),
    ],
)
def test_loopback_is_told_by_the_address(url: str, here: bool) -> None:
    assert is_loopback(url) is here


def test_numbers_that_json_lacks_and_long_texts_are_kept_as_texts() -> None:
    rows = ({"v": float("nan"), "w": float("-inf"), "x": "y" * 10_000, "n": 5},)
    (row,) = evaluation(rows=rows).document()["rows"]
    assert (row["v"], row["w"], row["n"]) == ("NaN", "-Infinity", 5)
    assert len(row["x"]) == 4001
