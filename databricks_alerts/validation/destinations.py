"""What is wrong with destinations: with each row, and with two rows over one destination."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping

from databricks_alerts.destinations.targets import KINDS, configuration, values_of
from databricks_alerts.rules.findings import Finding
from databricks_alerts.rules.rows import Destination, Reading
from databricks_alerts.rules.tables import DESTINATIONS
from databricks_alerts.snapshot import Snapshot


def destination_findings(
    snapshot: Snapshot, existing: Callable[[], Mapping[str, str]]
) -> list[Finding]:
    """Everything that is wrong with the enabled destinations, and with what they refer to.

    `existing` gives the API types of the workspace's destinations by Databricks id; it is asked
    only where a row refers to one.
    """
    broken = [item for item in snapshot.invalid_destinations if item.is_enabled]
    keys = {item.key for item in broken}
    of_rows = [
        item
        for item in snapshot.findings
        if item.where.startswith(DESTINATIONS) and item.key in keys
    ]
    of_json = [
        finding
        for destination in snapshot.destinations
        if destination.is_enabled
        for finding in configuration(destination)[1]
    ]
    of_readings = [
        finding for item in broken for reading in item.readings for finding in _still_found(reading)
    ]
    of_references = [
        finding
        for destination in snapshot.destinations
        if destination.is_enabled and destination.refers
        for finding in _reference(destination, existing())
    ]
    return list(
        dict.fromkeys([*of_rows, *of_json, *of_readings, *_copies(snapshot), *of_references])
    )


def _still_found(reading: Reading) -> list[Finding]:
    """What is wrong with the config_json of a row in which other columns are wrong, too."""
    destination = reading.record
    if not isinstance(destination, Destination) or "config_json" in reading.broken:
        return []
    if "destination_type" in reading.broken:
        return values_of(destination)[1]
    return configuration(destination)[1]


def _copies(snapshot: Snapshot) -> list[Finding]:
    """Rows that claim the Databricks destination of an older row, as copied rows do.

    Two rows over one destination would each give it their own configuration, and a rule that names
    both would notify it twice.
    """
    first: dict[str, Destination] = {}
    found = []
    enabled = [item for item in snapshot.destinations if item.is_enabled and not item.refers]
    for item in sorted(enabled, key=lambda row: (_aware(row.created_at), row.destination_id)):
        identity = item.databricks_destination_id
        if not identity:
            continue
        owner = first.setdefault(identity, item)
        if owner is not item:
            found.append(
                Finding(
                    key=item.destination_id,
                    check="row",
                    what=f"its Databricks destination {identity} is that of "
                    f"{owner.destination_id!r} already",
                    where=f"{DESTINATIONS}.databricks_destination_id",
                    remedy="set databricks_destination_id of the copied row to NULL",
                )
            )
    return found


def _reference(destination: Destination, existing: Mapping[str, str]) -> list[Finding]:
    """What is wrong with what a row refers to: it is not there, or of another type."""
    identity = str(destination.databricks_destination_id)
    column = "databricks_destination_id"
    wanted = KINDS[destination.destination_type].api_type
    if identity not in existing:
        what = f"the workspace has no destination with the Databricks id {identity!r}"
        remedy = "name one that is there, or give config_json and leave the id NULL to make one"
    elif existing[identity] != wanted:
        column = "destination_type"
        what = f"the destination {identity} that it refers to is of type {existing[identity]}"
        remedy = f"correct destination_type of {destination.destination_id!r}"
    else:
        return []
    where = f"{DESTINATIONS}.{column}"
    key = destination.destination_id
    return [Finding(key=key, check="row", what=what, where=where, remedy=remedy)]


def _aware(moment: dt.datetime) -> dt.datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
