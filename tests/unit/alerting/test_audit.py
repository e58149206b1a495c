"""Changes of a row through versions, and what a rollback would change. Pure."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from databricks_alerts.audit.rollback import plan
from databricks_alerts.audit.versions import Version, changes, differences, version_at
from databricks_alerts.errors import ConfigurationError

_START = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)


def versions(count: int) -> list[Version]:
    return [Version(n, _START + dt.timedelta(hours=n), "ada", "MERGE") for n in range(count)]


_ROWS = st.none() | st.dictionaries(
    st.sampled_from(["severity", "owner", "last_sync_status", "updated_by", "tags"]),
    st.sampled_from(["a", "b"]),
)


@given(st.lists(_ROWS, min_size=1, max_size=8))
def test_the_changes_lead_from_the_first_row_to_the_last(rows: list[dict[str, Any] | None]) -> None:
    """Invariant: what people changed, put on the first row one by one, makes the last row."""
    row: dict[str, Any] = {}
    for change in changes(versions(len(rows)), rows, complete=True):
        for name, (before, after) in change.columns.items():
            assert row.get(name) == before or name in ("last_sync_status", "updated_by")
            row[name] = after
        written_back = set(change.columns) <= {"last_sync_status", "updated_by"}
        if change.kind in ("changed", "deployed"):
            assert written_back == (change.kind == "deployed")
    last = rows[-1] or {}
    for name in ("severity", "owner", "tags"):
        assert row.get(name) == last.get(name)


def test_what_was_before_the_first_version_that_is_looked_at_is_no_change() -> None:
    rows = [{"owner": "a"}, {"owner": "a"}, {"owner": "b"}]
    found = list(changes(versions(3), rows, complete=False))
    assert [(item.kind, item.version.number) for item in found] == [("changed", 2)]


def test_null_is_as_good_as_a_column_that_is_not_there() -> None:
    assert differences({"a": 1, "b": None}, {"a": 1, "c": None}) == {}


def test_a_rollback_is_of_what_people_wrote_alone() -> None:
    now = {"A": {"owner": "b", "last_sync_status": "ERROR", "updated_by": "x"}, "B": {"owner": "a"}}
    then = {
        "A": {"owner": "a", "last_sync_status": "SUCCESS", "updated_by": "y"},
        "B": {"owner": "a"},
    }
    assert plan(["A", "B"], dict(now), dict(then), 3) == {"A": {"owner": ("b", "a")}}
    with pytest.raises(ConfigurationError, match=r"version 3 .* has no rule C; .*alerts log C"):
        plan(["A", "C"], dict(now), dict(then), 3)


def test_the_version_of_a_time_is_the_last_before_it() -> None:
    hour = dt.timedelta(hours=1)
    assert version_at(versions(5), _START + 2.5 * hour).number == 2
    assert version_at(versions(5), _START + 9 * hour).number == 4
    with pytest.raises(ConfigurationError, match="the oldest that is kept is 0"):
        version_at(versions(5), _START - hour)
