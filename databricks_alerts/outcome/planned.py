"""From a plan and what was done of it to the rows that are recorded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from databricks_alerts.outcome.record import Action, RowOutcome
from databricks_alerts.plan.decisions import Declared
from databricks_alerts.plan.deployment import Plan, Prepared

ALERT = "AlertV2"
DESTINATION = "NotificationDestination"


@dataclass(frozen=True)
class Done:
    """What happened to one resource; `error` is the API's message if it failed."""

    action: Action
    id: str
    error: str | None = None


Ids = Mapping[str, Mapping[str, str]]


def planned_outcomes(
    plan: Plan, done: Mapping[str, Done], ids: Ids | None
) -> tuple[list[RowOutcome], list[RowOutcome]]:
    """Outcomes of rules and of destinations.

    `done` has what changed or failed by `AlertV2/<key>` or `NotificationDestination/<key>`. `ids`
    are the Databricks ids under `alerts` and `destinations` once the run is over, empty ones for
    what could not be deployed; None while it still runs: then only what is known is told.
    """
    names = {rule.alert_id: rule.display_name for rule in plan.prepared.snapshot.rules}
    alerts = [*_rows(plan.alerts, ALERT, done, (ids or {}).get("alerts"), plan, names)]
    rows = plan.prepared.snapshot.destinations
    titles = {row.destination_id: row.destination_name for row in rows}
    destinations = _rows(
        plan.destinations, DESTINATION, done, (ids or {}).get("destinations"), plan, titles
    )
    alerts += _deletes(plan, done)
    told = {item.key for item in alerts}
    lost = [item for item in forgotten(plan.prepared) if item.key not in told]
    return with_news(plan.prepared, [*alerts, *lost], list(destinations))


def with_news(
    prepared: Prepared, alerts: Iterable[RowOutcome], destinations: Iterable[RowOutcome]
) -> tuple[list[RowOutcome], list[RowOutcome]]:
    """Outcomes in which what no row knew yet was CREATED, though this run changed nothing of it.

    The run that made it ended before it could record that: Ctrl-C, a crash. Rows that refer to
    destinations of others are among them: nothing was done to these, and their ids stay.
    """
    snapshot = prepared.snapshot
    of_alerts = {rule.alert_id: rule.databricks_alert_id for rule in snapshot.rules}
    of_destinations = {
        row.destination_id: row.databricks_destination_id for row in snapshot.destinations
    }
    return _news(alerts, of_alerts), _news(
        _with_references(prepared, destinations), of_destinations
    )


def _with_references(prepared: Prepared, destinations: Iterable[RowOutcome]) -> list[RowOutcome]:
    snapshot, reasons = prepared.snapshot, prepared.report.destination_reasons
    referring = {
        row.destination_id: row.databricks_destination_id
        for row in snapshot.destinations
        if row.is_enabled and row.refers
    }
    told = [
        row
        for row in destinations
        if row.key not in referring or row.action not in ("SKIPPED", "UNCHANGED")
    ]
    known = {row.key for row in told}
    return told + [
        RowOutcome(
            key=key,
            action="ERROR" if key in reasons else "UNCHANGED",
            databricks_id=identity,
            error=reasons.get(key),
        )
        for key, identity in referring.items()
        if key not in known
    ]


def _news(rows: Iterable[RowOutcome], noted: Mapping[str, str | None]) -> list[RowOutcome]:
    return [
        row.model_copy(update={"action": "CREATED"})
        if row.action == "UNCHANGED" and row.databricks_id and not noted.get(row.key)
        else row
        for row in rows
    ]


def _deletes(plan: Plan, done: Mapping[str, Done]) -> Iterator[RowOutcome]:
    """The alerts that went, or could not be deleted; nothing of those not tried yet."""
    for key in plan.deletes:
        found = done.get(f"{ALERT}/{key}")
        if found is not None:
            yield RowOutcome(
                key=key, action=found.action, databricks_id=found.id or None, error=found.error
            )


def forgotten(prepared: Prepared) -> list[RowOutcome]:
    """Disabled rules whose alert is gone though their row still names it.

    A run that ended before it could record its deletes leaves them.
    """
    there = {alert.id for alert in prepared.inventory.alerts}
    return [
        RowOutcome(key=rule.alert_id, action="DELETED", databricks_id=rule.databricks_alert_id)
        for rule in prepared.snapshot.rules
        if not rule.is_enabled and rule.databricks_alert_id
        if rule.databricks_alert_id not in there
    ]


def _rows(
    declared: Iterable[Declared],
    kind: str,
    done: Mapping[str, Done],
    ids: Mapping[str, str] | None,
    plan: Plan,
    names: Mapping[str, str],
) -> Iterator[RowOutcome]:
    drifts = plan.unseen_drifts
    for item in declared:
        error: str | None
        if item.decision == "refer":
            continue  # `with_news` tells of those
        if item.decision != "deploy":
            action: Action = "HELD" if item.decision == "hold" else "SKIPPED"
            reason = plan.reason if kind == ALERT else plan.destination_reason
            known, error = item.existing, reason(item.key) or "its row is invalid"
        else:
            found = done.get(f"{kind}/{item.key}")
            if found is None and item.key in drifts:
                continue  # left as somebody made it: told as in sync, the drift would be forgotten
            found = found or _unnoticed(item, ids)
            if found is None:
                continue
            action, known, error = _action(item, found), found.id or item.existing, found.error
        yield RowOutcome(
            key=item.key,
            action=action,
            databricks_id=known or None,
            display_name=None if error else names.get(item.key),
            error=error,
        )


def _unnoticed(item: Declared, ids: Mapping[str, str] | None) -> Done | None:
    """What no hook saw: unchanged, adopted as it was, or not tried."""
    if ids is None:
        return None
    if not ids.get(item.key):
        return Done("ERROR", "", "it was not tried: something that it needs failed")
    return Done("UPDATED" if item.adopt else "UNCHANGED", ids[item.key])


def _action(item: Declared, done: Done) -> Action:
    replaced = done.action == "CREATED" and item.existing and not item.adopt
    return "REPLACED" if replaced else done.action
