"""Rows of an older version written back as a new one; what deployments wrote stays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from databricks_alerts.audit.versions import Row, by_users, differences, is_users, markers
from databricks_alerts.errors import ConfigurationError
from databricks_alerts.rules.settings import Settings
from databricks_alerts.rules.tables import ALERTS, table_path
from databricks_alerts.sql.identifiers import quote
from databricks_alerts.sql.warehouse import SqlWarehouse


def plan(
    keys: Sequence[str], now: dict[str, Row], then: dict[str, Row], version: int
) -> dict[str, dict[str, tuple[Any, Any]]]:
    """What a rollback changes, by rule: column to value now and then; only rules that change.

    Raises ConfigurationError for a rule that the version does not have.
    """
    missing = [key for key in keys if key not in then]
    if missing:
        raise ConfigurationError(
            f"version {version} of {ALERTS} has no rule {', '.join(missing)}; name another version "
            f"(alerts log {missing[0]} lists them), or take a rule away by is_enabled = false"
        )
    found = {key: by_users(differences(now.get(key, {}), then[key])) for key in keys}
    return {key: columns for key, columns in found.items() if columns}


def write_back(
    warehouse: SqlWarehouse, settings: Settings, keys: Sequence[str], version: int, user: str
) -> None:
    """Give rules their columns of a version by one MERGE, signed by who does it.

    A row that was deleted since comes back without what deployments had written into it: its
    alert is gone.
    """
    path = table_path(settings, ALERTS)
    binds, listed = markers(keys)
    old = f"SELECT * FROM {path} VERSION AS OF {int(version)}"
    columns = [name for name in _columns(warehouse, f"SELECT * FROM {path}") if is_users(name)]
    had = set(_columns(warehouse, old))
    values = {name: f"s.{quote(name)}" if name in had else "NULL" for name in columns}
    values |= {"updated_by": ":user", "updated_at": "current_timestamp()"}
    settings_ = ", ".join(f"{quote(name)} = {value}" for name, value in values.items())
    warehouse.change(
        f"MERGE INTO {path} AS t USING ({old} WHERE alert_id IN ({listed})) AS s "
        f"ON t.alert_id = s.alert_id WHEN MATCHED THEN UPDATE SET {settings_} "
        f"WHEN NOT MATCHED THEN INSERT ({', '.join(map(quote, values))}) "
        f"VALUES ({', '.join(values.values())})",
        {**binds, "user": user},
    )


def _columns(warehouse: SqlWarehouse, query: str) -> tuple[str, ...]:
    with warehouse.results(f"{query} LIMIT 0") as found:
        return found.columns
