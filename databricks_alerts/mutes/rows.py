"""A row of alert_mutes as a mute, or all that is wrong with it."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict

from databricks_alerts.mutes.moments import Recurrence
from databricks_alerts.mutes.selector import selects, terms
from databricks_alerts.quartz import is_time_zone
from databricks_alerts.quartz import problem as cron_problem
from databricks_alerts.rules.access import MUTES
from databricks_alerts.rules.durations import duration
from databricks_alerts.rules.findings import Finding
from databricks_alerts.rules.rows import Rule
from databricks_alerts.sql.moments import aware

Kind = Literal["paused", "silent"]
_NEEDED = ("mute_id", "selector", "kind", "starts_at", "reason", "created_by")
_TIMES = ("starts_at", "ends_at", "created_at")
_RECURRENCE = ("recurrence_cron", "recurrence_duration", "timezone")


class Mute(BaseModel):
    """One mute. `paused` rules are not evaluated, `silent` ones notify nobody.

    Without a recurrence it is in force from `starts_at` to `ends_at`; with one, during each
    occurrence between these, and `ends_at` may be None.
    """

    model_config = ConfigDict(frozen=True)

    mute_id: str
    selector: str
    kind: Kind
    starts_at: dt.datetime
    ends_at: dt.datetime | None = None
    recurrence_cron: str | None = None
    recurrence_duration: str | None = None
    timezone: str | None = None
    reason: str
    created_by: str
    created_at: dt.datetime | None = None

    @property
    def recurrence(self) -> Recurrence | None:
        """Its recurrence, if it is none that happens once."""
        if not self.recurrence_cron:
            return None
        length = duration(self.recurrence_duration or "")
        return Recurrence(self.recurrence_cron, length, self.timezone or "UTC")

    def is_for(self, rule: Rule) -> bool:
        """Whether it selects a rule."""
        return selects(terms(self.selector), rule)

    def until(self, at: dt.datetime) -> dt.datetime | None:
        """When it ends that is in force at a time; None where it is not in force."""
        if at < self.starts_at or (self.ends_at is not None and at >= self.ends_at):
            return None
        recurrence = self.recurrence
        if recurrence is None:
            return self.ends_at
        around = recurrence.around(at)
        if around is None:
            return None
        return around[1] if self.ends_at is None else min(around[1], self.ends_at)

    def next_start(self, after: dt.datetime) -> dt.datetime | None:
        """When it begins, later than a time; None for never again."""
        if after < self.starts_at and self.until(self.starts_at) is not None:
            return self.starts_at
        recurrence = self.recurrence
        if recurrence is None:
            return None
        start = next(recurrence.starts(max(after, self.starts_at)), None)
        over = start is None or (self.ends_at is not None and start >= self.ends_at)
        return None if over else start


def read_mutes(rows: Sequence[Mapping[str, Any]]) -> tuple[list[Mute], list[Finding]]:
    """The mutes, in order of their ids, and what is wrong with the rows that are none."""
    times = Counter(row.get("mute_id") for row in rows)
    mutes, findings = [], []
    for row in sorted(rows, key=lambda row: str(row.get("mute_id"))):
        found = read_mute(row)
        key = row.get("mute_id")
        if times[key] > 1:
            twice = _finding(row, "mute_id", f"mute_id {key!r} stands in {times[key]} rows")
            found = [twice, *(found if isinstance(found, list) else [])]
        if isinstance(found, list):
            findings += found
        else:
            mutes.append(found)
    return mutes, list(dict.fromkeys(findings))


def read_mute(row: Mapping[str, Any]) -> Mute | list[Finding]:
    """A mute, or everything that is wrong with its row."""
    values = {name: row.get(name) for name in Mute.model_fields}
    for name, value in values.items():
        if isinstance(value, str) and not value.strip():
            values[name] = None
        elif isinstance(value, dt.datetime):
            values[name] = aware(value)
    problems = list(_problems(values))
    if problems:
        return [_finding(row, column, what) for column, what in problems]
    return Mute.model_validate(values)


def _problems(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Each wrong column and what is wrong with it."""
    missing = [name for name in _NEEDED if values[name] is None]
    yield from ((name, f"{name} is empty, it needs a value") for name in missing)
    untimely = [name for name in _TIMES if not isinstance(values[name], dt.datetime | None)]
    yield from ((name, f"{name} is {values[name]!r}, which is no time") for name in untimely)
    texts = [name for name in values if name not in _TIMES]
    untold = [name for name in texts if not isinstance(values[name], str | None)]
    yield from ((name, f"{name} is {values[name]!r}, which is no text") for name in untold)
    if untold:
        return
    if values["selector"] is not None:
        try:
            terms(values["selector"])
        except ValueError as error:
            yield "selector", str(error)
    if values["kind"] is not None and values["kind"] not in get_args(Kind):
        yield "kind", f"kind is {values['kind']!r}; allowed are {', '.join(get_args(Kind))}"
    if untimely or values["starts_at"] is None:
        return
    if values["ends_at"] is not None and values["ends_at"] <= values["starts_at"]:
        yield "ends_at", "ends_at is not later than starts_at, so it is never in force"
        return
    yield from _recurrence_problems(values)


def _recurrence_problems(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    cron, length, zone = (values[name] for name in _RECURRENCE)
    if cron is None:
        if values["ends_at"] is None:
            yield (
                "ends_at",
                "a mute needs an end: set ends_at, or recurrence_cron with recurrence_duration",
            )
        if length is not None:
            yield "recurrence_duration", "recurrence_duration says nothing without recurrence_cron"
        return
    wrong = []
    if what := cron_problem(cron):
        wrong.append(("recurrence_cron", f"recurrence_cron {cron!r}: {what}"))
    if zone is None or not is_time_zone(zone):
        shown = "is empty" if zone is None else f"{zone!r} is no time zone"
        wrong.append(("timezone", f"timezone {shown}; name one, such as Europe/Berlin or UTC"))
    try:
        span = duration(length or "")
    except ValueError as error:
        wrong.append(("recurrence_duration", f"recurrence_duration: {error}"))
    yield from wrong
    if wrong:
        return
    recurrence = Recurrence(cron, span, zone)
    what = recurrence.problem(values["starts_at"], ends=values["ends_at"] is not None)
    if what:
        yield "recurrence_duration", f"recurrence_cron {cron!r} for {length}: {what}"


def _finding(row: Mapping[str, Any], column: str, what: str) -> Finding:
    key = str(row.get("mute_id") or "(NULL)")
    return Finding(
        key=key,
        check="mute",
        what=what,
        where=f"{MUTES}.{column}",
        remedy=f"correct or DELETE the row with {key!r} in {MUTES}; until then it mutes nothing",
    )
