"""All that there is to say of one rule in one stack, for people and for machines."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from databricks_alerts.errors import WarehouseError
from databricks_alerts.mutes.force import Muted
from databricks_alerts.packs.authored import Case
from databricks_alerts.quartz import QuartzError, next_fire, parse, time_zone
from databricks_alerts.rules import sentences
from databricks_alerts.rules.environment import Change, missing_variable
from databricks_alerts.rules.findings import Finding
from databricks_alerts.rules.rows import Destination, Rule
from databricks_alerts.rules.settings import Settings
from databricks_alerts.rules.tables import HISTORY, table_path
from databricks_alerts.rules.templates import placeholders, render_query
from databricks_alerts.rules.words import is_address
from databricks_alerts.snapshot import Snapshot
from databricks_alerts.sql.warehouse import SqlWarehouse

_STATES = 10


@dataclass(frozen=True)
class State:
    """One evaluation of the alert, as alert_history has it."""

    at: str
    state: str
    value: float | str | None
    error: str | None


@dataclass(frozen=True)
class Recipient:
    """Who is notified: `kind` is a destination's type, EMAIL for an address, ID for others'."""

    channel: str
    kind: str
    name: str
    note: str


@dataclass(frozen=True)
class Tests:
    """The cases of a rule's pack: where it is written, and what each case expects."""

    place: str
    cases: tuple[str, ...]


@dataclass(frozen=True)
class Story:
    """One rule of a snapshot; `source` is the file of the stack's settings."""

    rule: Rule
    query: str
    recipients: tuple[Recipient, ...]
    changes: tuple[Change, ...]
    variables: Mapping[str, Any]
    findings: tuple[Finding, ...]
    source: str
    next_run: dt.datetime | None = None
    state: str = ""
    states: tuple[State, ...] = ()
    tests: Tests | None = None
    sync_error: str | None = None
    muted: Muted | None = None


def read_states(warehouse: SqlWarehouse, settings: Settings, key: str) -> tuple[State, ...]:
    """The last evaluations of a rule, newest first; none where there is no history yet."""
    try:
        rows = warehouse.query(
            "SELECT CAST(evaluation_timestamp AS STRING) AS at, evaluation_status, "
            "query_result_value_double, query_result_value_string, error_message "
            f"FROM {table_path(settings, HISTORY)} WHERE alert_id = :key "
            f"ORDER BY evaluation_timestamp DESC LIMIT {_STATES}",
            {"key": key},
        )
    except WarehouseError:
        return ()
    return tuple(
        State(
            row["at"],
            row["evaluation_status"],
            row["query_result_value_string"]
            if row["query_result_value_double"] is None
            else row["query_result_value_double"],
            row["error_message"],
        )
        for row in rows
    )


def tell(
    snapshot: Snapshot, settings: Settings, rule: Rule, source: str, now: dt.datetime
) -> Story:
    """What the snapshot says of a rule; `now` (aware) is when its next run is counted from."""
    query, unknown = render_query(rule.alert_query_template, settings)
    findings = list(snapshot.environment.of(rule.alert_id))
    for item in unknown:
        what, remedy = missing_variable(item, settings)
        findings.append(
            Finding(
                key=rule.alert_id,
                check="template",
                what=what,
                where="alert_query_template",
                remedy=remedy,
            )
        )
    used = placeholders(rule.alert_query_template)
    recorded = snapshot.recorded_rules.get(rule.alert_id)
    return Story(
        rule=rule,
        query=query,
        recipients=tuple(_recipients(rule, snapshot.destinations)),
        changes=tuple(c for c in snapshot.environment.changes if c.key == rule.alert_id),
        variables={name: value for name, value in settings.variables.items() if name in used},
        findings=tuple(findings),
        source=source,
        next_run=_next_run(rule, now),
        sync_error=recorded.error if recorded else None,
        muted=snapshot.muted.get(rule.alert_id),
    )


def cases_of(tests: Iterable[Case], place: str) -> Tests:
    """The cases of a rule in its pack; `place` says where it is written."""
    cases = []
    for case in tests:
        value = "" if case.expect.value is None else f", value {case.expect.value}"
        cases.append(f"{case.name}: {case.expect.state}{value}")
    return Tests(place, tuple(cases))


def facts(story: Story) -> dict[str, Any]:
    """For machines: one object with stable keys."""
    rule = story.rule
    return {
        "alert_id": rule.alert_id,
        "display_name": rule.display_name,
        "description": rule.alert_description,
        "domain": rule.agent_domain,
        "severity": rule.severity,
        "owner": rule.owner,
        "enabled": rule.is_enabled,
        "schedule": {
            "words": sentences.schedule(rule),
            "cron": rule.schedule_cron,
            "timezone": rule.schedule_timezone,
            "paused": rule.pause_status == "PAUSED",
            "next_run": story.next_run.isoformat() if story.next_run else None,
        },
        "threshold": {
            "words": sentences.threshold(rule),
            "column": rule.threshold_column,
            "aggregation": rule.aggregation_type,
            "operator": rule.threshold_operator,
            "value": rule.threshold,
            "empty_result_state": rule.empty_result_state,
        },
        "query": story.query,
        "subject": rule.custom_subject_template if rule.use_custom_template else None,
        "body": rule.custom_body_template if rule.use_custom_template else None,
        "notifies": [asdict(item) for item in story.recipients],
        "notification": sentences.notification(rule),
        "settings": [
            {
                "setting": item.setting,
                "source": story.source,
                "field": item.field,
                "row": item.before,
                "value": item.after,
            }
            for item in story.changes
        ],
        "muted": story.muted.model_dump(mode="json") if story.muted else None,
        "variables": dict(story.variables),
        "findings": [item.model_dump() for item in story.findings],
        "tests": asdict(story.tests) if story.tests else None,
        "databricks_alert_id": rule.databricks_alert_id,
        "state": story.state or None,
        "states": [asdict(item) for item in story.states],
        "last_sync": {
            "at": rule.last_synced_at.isoformat() if rule.last_synced_at else None,
            "status": rule.last_sync_status,
            "action": rule.last_sync_action,
            "error": story.sync_error,
        },
    }


def lines(story: Story) -> Iterator[tuple[str, str]]:
    """For people: a heading and its text, several lines where there are; nothing without text."""
    rule = story.rule
    yield "rule", f"{rule.alert_id}  {rule.display_name}"
    about = [rule.agent_domain, f"owner {rule.owner}", "" if rule.is_enabled else "disabled"]
    yield "about", ", ".join(item for item in about if item)
    yield "", rule.alert_description or ""
    yield "runs", sentences.schedule(rule)
    yield "", f"next at {story.next_run:%Y-%m-%d %H:%M %Z}" if story.next_run else ""
    yield "", story.muted.told() if story.muted else ""
    yield "triggers", sentences.threshold(rule)
    yield "notifies", "\n".join(map(_recipient, story.recipients)) or "nobody"
    yield "", sentences.notification(rule)
    if rule.use_custom_template:
        yield "subject", rule.custom_subject_template or ""
    yield "settings", "\n".join(f"{_change(item)}  ({story.source})" for item in story.changes)
    yield "variables", "\n".join(f"{name} = {value!r}" for name, value in story.variables.items())
    yield "query", story.query
    yield "findings", "\n".join(f"{f.where}: {f.what} → {f.remedy}" for f in story.findings)
    if story.tests:
        yield "tests", story.tests.place
        yield "", "\n".join(story.tests.cases)
    yield "alert", " ".join(item for item in (rule.databricks_alert_id, story.state) if item)
    yield "states", "\n".join(map(_state, story.states))
    yield "last sync", _last_sync(story)


def _recipients(rule: Rule, destinations: Sequence[Destination]) -> Iterator[Recipient]:
    rows = {item.destination_id: item for item in destinations}
    for channel in rule.notification_channels:
        row = rows.get(channel)
        if row is not None:
            note = "" if row.databricks_destination_id else "not deployed yet"
            note = note if row.is_enabled else "disabled"
            yield Recipient(channel, row.destination_type, row.destination_name, note)
        elif is_address(channel):
            yield Recipient(channel, "EMAIL", channel, "")
        else:
            yield Recipient(channel, "ID", channel, "no row of notification_destinations")


def _recipient(item: Recipient) -> str:
    named = item.channel if item.channel == item.name else f"{item.channel} ({item.name})"
    return f"{item.kind:<9} {named}{f': {item.note}' if item.note else ''}"


def _change(item: Change) -> str:
    if item.before in ("", None):
        return f"{item.setting}: {item.after!r}"
    return f"{item.setting}: {item.after!r}, the row says {item.before!r}"


def _state(item: State) -> str:
    value = "" if item.value is None else f"  {item.value}"
    return f"{item.at[:19]}  {item.state}{value}{f'  {item.error}' if item.error else ''}"


def _last_sync(story: Story) -> str:
    rule = story.rule
    if rule.last_synced_at is None:
        return "never"
    told = [f"{rule.last_synced_at:%Y-%m-%d %H:%M:%S}", rule.last_sync_action, story.sync_error]
    return "  ".join(item for item in told if item)


def _next_run(rule: Rule, now: dt.datetime) -> dt.datetime | None:
    """In the rule's own time zone; None for a paused, disabled or illegal one."""
    zone = time_zone(rule.schedule_timezone)
    if rule.pause_status == "PAUSED" or not rule.is_enabled or zone is None:
        return None
    try:
        found = next_fire(parse(rule.schedule_cron), now, zone)
    except QuartzError:
        return None
    return found.astimezone(zone) if found else None
