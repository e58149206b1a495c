"""From states to notifications: who is told when, and in which words."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from workspace.evaluation.clock import Clock
from workspace.evaluation.models import Evaluation
from workspace.notification.decision import decide
from workspace.notification.message import compose
from workspace.notification.notifier import is_loopback

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
