"""The watcher names what is broken and nothing else, and its metrics show its own absence."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_all_findings_at_once import RULE

from databricks_alerts.history.evaluations import Evaluated
from databricks_alerts.mutes.rows import Mute
from databricks_alerts.reports.chart import chart
from databricks_alerts.reports.watch import to_document, to_prometheus
from databricks_alerts.rules.rows import Rule, read_rule
from databricks_alerts.watch.look import Limits, Watched, ages, look, missed
from databricks_alerts.watch.past import Past

NOW = dt.datetime(2026, 6, 17, 12, tzinfo=dt.UTC)  # a Wednesday
HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)


def rule(**changes: Any) -> Rule:
    given = {"alert_id": "R", "pause_status": "UNPAUSED", "schedule_cron": "0 0 * * * ?"}
    found = read_rule({**RULE, **given, **changes})
    assert isinstance(found, Rule), found
    return found


def past(**changes: Any) -> Past:
    given = {"first": NOW - 200 * DAY, "last": NOW - HOUR, "state": "OK", "fired": NOW - 3 * DAY}
    return Past(**(given | changes))


def watched(**changes: Any) -> Watched:
    """A rule that runs every hour, ran an hour ago, and of which nothing is to be said."""
    alert = {
        "id": "1",
        "display_name": "r",
        "parent_path": "/a",
        "state": "OK",
        "update_time": NOW - 300 * DAY,
        "last_evaluated_at": NOW - HOUR,
        **changes.pop("alert", {}),
    }
    given = {"rule": rule(), "channels": ("a@example.com",), "alert": alert, "past": past()}
    return Watched(**(given | changes))


def kinds(item: Watched, *mutes: Mute, limits: Limits | None = None) -> list[str]:
    return [found.kind for found in look([item], mutes, limits or Limits(), NOW)]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, []),
        ({"alert": {"state": "ERROR"}}, ["error"]),
        ({"has_warehouse": False}, ["warehouse"]),
        ({"has_identity": False}, ["run_as"]),
        ({"has_warehouse": None, "has_identity": None}, []),
        ({"past": past(changes=6)}, ["flaps"]),
        ({"past": past(changes=5)}, []),
        ({"past": past(fired=None)}, ["never-fired"]),
        ({"past": past(fired=NOW - 91 * DAY)}, ["never-fired"]),
        # So young that nobody can know.
        ({"past": past(fired=None, first=NOW - 89 * DAY)}, []),
        ({"past": past(rang=NOW - DAY, delivered=False)}, ["undelivered"]),
        ({"past": past(rang=NOW - DAY, delivered=True)}, []),
        ({"past": past(rang=NOW - DAY, delivered=None)}, []),
        ({"past": past(rang=NOW - 8 * DAY, delivered=False)}, []),
        ({"past": past(rang=NOW - DAY, delivered=False), "channels": ()}, []),
        (
            {
                "past": past(rang=NOW - DAY, delivered=False),
                "alert": {"update_time": NOW - HOUR},
            },
            [],
        ),
        ({"past": None}, ["blind"]),
        ({"past": past(last=NOW - 5 * HOUR), "alert": {"last_evaluated_at": None}}, ["stale"]),
        # The list of alerts knows of a later one than the history.
        ({"past": past(last=NOW - 5 * HOUR)}, []),
    ],
)
def test_each_concern_is_told_for_its_reason_alone(
    changes: dict[str, Any], said: list[str]
) -> None:
    assert kinds(watched(**changes)) == said


def test_a_rule_whose_alert_is_gone_has_that_one_concern() -> None:
    item = watched().model_copy(update={"alert": None, "has_warehouse": False})
    assert kinds(item) == ["gone"]


def test_who_was_muted_when_it_rang_is_not_undelivered() -> None:
    mute = Mute(
        mute_id="m",
        selector="R",
        kind="silent",
        starts_at=NOW - 2 * DAY,
        ends_at=NOW - HOUR,
        reason="x",
        created_by="y",
    )
    item = watched(past=past(rang=NOW - DAY, delivered=False))
    assert kinds(item, mute) == []
    other = mute.model_copy(update={"selector": "S"})
    assert kinds(item, other) == ["undelivered"]


@settings(deadline=None)
@given(
    every=st.sampled_from([1, 5, 15, 30]),
    last=st.none() | st.integers(0, 3000),
    changed=st.none() | st.integers(0, 3000),
)
def test_two_runs_that_did_not_happen_are_missed(
    every: int, last: int | None, changed: int | None
) -> None:
    """By arithmetic: the second full interval behind the later of evaluation and change is over."""
    times = [None if age is None else NOW - dt.timedelta(minutes=age) for age in (last, changed)]
    found = missed(rule(schedule_cron=f"0 0/{every} * * * ?"), times[0], times[1], NOW)
    youngest = min((age for age in (last, changed) if age is not None), default=None)
    if youngest is None:
        assert found is None
        return
    minute = (12 * 60 - youngest) // every * every + 2 * every
    assert (found is not None) == (12 * 60 - minute >= 5)


def test_a_weekend_is_no_gap_and_a_pause_nothing_to_miss() -> None:
    weekdays = rule(schedule_cron="0 0 9 ? * MON-FRI")
    friday = dt.datetime(2026, 6, 12, 9, tzinfo=dt.UTC)
    monday_evening = dt.datetime(2026, 6, 15, 20, tzinfo=dt.UTC)
    assert missed(weekdays, friday, None, monday_evening) is None
    told = missed(weekdays, friday, None, monday_evening + DAY)
    assert told is not None
    assert "was last evaluated at 2026-06-12 09:00 UTC" in told
    paused = rule(schedule_cron="0 0 9 ? * MON-FRI", pause_status="PAUSED")
    assert missed(paused, friday, None, monday_evening + DAY) is None


def test_programs_and_prometheus_are_told_the_heartbeat_and_the_ages() -> None:
    item = watched(alert={"state": "ERROR"}, rule=rule(alert_id='a"b'))
    found = look([item], [], Limits(), NOW)
    old = ages([item], NOW)
    assert old == {'a"b': 3600.0}
    document = to_document("prod", found, old, NOW, 1)
    assert document["watched_at"] == NOW.isoformat()
    assert [(one["kind"], one["level"]) for one in document["concerns"]] == [("error", "broken")]
    text = to_prometheus("prod", found, old, NOW, 1)
    assert (
        f'alerts_watch_last_run_timestamp_seconds{{stack="prod"}} {NOW.timestamp():.15g}\n' in text
    )
    assert 'alerts_rule_evaluation_age_seconds{stack="prod",rule="a\\"b"} 3600\n' in text
    assert 'alerts_watch_concerns{stack="prod",kind="error",level="broken"} 1\n' in text
    assert 'alerts_watch_concerns{stack="prod",kind="flaps",level="advice"} 0\n' in text
    empty = to_prometheus("prod", [], {}, NOW, 0)
    assert "alerts_watch_last_run_timestamp_seconds" in empty
    assert "alerts_rule_concern" not in empty


_VALUES = st.none() | st.text(max_size=3) | st.floats()


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 10**6),
            st.sampled_from(["OK", "TRIGGERED", "ERROR", "UNKNOWN", "NEW"]),
            _VALUES,
        ),
        max_size=120,
    ),
    st.none() | st.floats() | st.booleans() | st.just("x"),
    st.integers(10, 80),
)
def test_any_history_has_a_chart_of_its_width_that_hides_no_alarm(
    items: list[tuple[int, str, Any]], threshold: Any, width: int
) -> None:
    evaluations = [
        Evaluated(at=NOW + dt.timedelta(seconds=at), state=state, value=value, threshold=threshold)
        for at, state, value in sorted(items, key=lambda item: item[0])
    ]
    lines = chart(evaluations, width)
    assert bool(lines) == bool(evaluations)
    if not evaluations:
        return
    assert all(len(line) <= width + 12 + len(" threshold") + 13 for line in lines)
    states = lines[-2]
    styles = {str(span.style) for span in states.spans}
    happened = {item.state for item in evaluations}
    assert "ERROR" not in happened or "magenta" in styles
    assert "TRIGGERED" not in happened or styles & {"red", "magenta"}
