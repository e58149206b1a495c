"""The Delta tables as data, and making or migrating them (never dropping anything)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from databricks_alerts.errors import TableError, WarehouseError
from databricks_alerts.rules.access import MUTES
from databricks_alerts.rules.settings import Settings
from databricks_alerts.sql.identifiers import qualified, quote
from databricks_alerts.sql.warehouse import SqlWarehouse

ALERTS = "alert_configurations"
DESTINATIONS = "notification_destinations"
VALIDATION = "alert_validation_results"
METRICS = "alert_sync_metrics"
HISTORY = "alert_history"

# Properties of the original's tables.
_PROPERTIES = {
    "delta.enableChangeDataFeed": "true",
    "delta.enableRowTracking": "true",
    "delta.enableDeletionVectors": "true",
    "delta.autoOptimize.autoCompact": "true",
    "delta.autoOptimize.optimizeWrite": "true",
}


@dataclass(frozen=True)
class Column:
    """One column: Spark SQL type, whether it must have a value, what it means."""

    name: str
    type: str
    required: bool = False
    comment: str = ""


@dataclass(frozen=True)
class TableDefinition:
    """One table: name, columns in order, primary key (informational in Unity Catalog)."""

    name: str
    comment: str
    key: str
    columns: tuple[Column, ...]
    partition: str = ""


def _columns(text: str) -> tuple[Column, ...]:
    """One column a line: `name TYPE [!] [-- comment]`; `!` is NOT NULL."""
    made = []
    for line in text.strip().splitlines():
        definition, _, comment = line.strip().partition(" -- ")
        name, kind, *rest = definition.split()
        made.append(Column(name, kind, "!" in rest, comment.strip()))
    return tuple(made)


TABLES = (
    TableDefinition(
        ALERTS,
        "Alert rules, one a row. Edit them with SQL; `alerts up` deploys them.",
        "alert_id",
        _columns(
            """
            alert_id STRING ! -- stable key; never change it
            alert_name STRING ! -- shown as [SEVERITY] alert_name
            alert_description STRING
            agent_domain STRING ! -- a word: COST, SECURITY, a domain of your own
            severity STRING ! -- CRITICAL, WARNING, INFO
            alert_query_template STRING ! -- SQL with ${catalog} and ${gold_schema}
            query_source STRING -- lineage: CUSTOM, TVF, METRIC_VIEW, MONITORING
            source_artifact_name STRING
            threshold_column STRING ! -- an output column of the query
            threshold_operator STRING ! -- > < >= <= = == != <> IS NULL, IS NOT NULL
            threshold_value_type STRING ! -- DOUBLE, STRING, BOOLEAN
            threshold_value_double DOUBLE
            threshold_value_string STRING
            threshold_value_bool BOOLEAN
            empty_result_state STRING ! -- OK, TRIGGERED, ERROR, UNKNOWN
            aggregation_type STRING -- NONE or FIRST: the first row
            schedule_cron STRING ! -- Quartz, 6 or 7 fields
            schedule_timezone STRING ! -- IANA name
            pause_status STRING ! -- UNPAUSED, PAUSED
            is_enabled BOOLEAN ! -- false: not deployed
            notification_channels ARRAY<STRING> ! -- destination_id, e-mail address, Databricks id
            notify_on_ok BOOLEAN !
            retrigger_seconds INT -- 0 or NULL: notify once a trigger
            use_custom_template BOOLEAN !
            custom_subject_template STRING
            custom_body_template STRING
            owner STRING !
            created_by STRING !
            created_at TIMESTAMP !
            updated_by STRING
            updated_at TIMESTAMP
            tags MAP<STRING,STRING>
            databricks_alert_id STRING -- written back
            databricks_display_name STRING -- written back
            last_synced_at TIMESTAMP -- written back
            last_sync_status STRING -- written back: SUCCESS, ERROR
            last_sync_error STRING -- written back
            last_sync_action STRING -- CREATED UPDATED REPLACED UNCHANGED HELD SKIPPED DELETED ERROR
            threshold_value_column STRING -- an output column to compare with, instead of a value
            threshold_value_aggregation STRING -- that column's, as aggregation_type
            template_format STRING -- HTML, MARKDOWN; NULL: HTML
            parameters STRING -- JSON: [{"name": "n", "type": "STRING", "value": "1"}] for :n
            warehouse_id STRING -- NULL: the stack's warehouseId
            folder STRING -- below the stack's parentPath; NULL: there
            run_as STRING -- a user's name or an application id; NULL: the stack's runAs
            runbook_url STRING -- what to do; for people, not deployed
            """
        ),
    ),
    TableDefinition(
        DESTINATIONS,
        "Where notifications go. Secrets are references in config_json, never values.",
        "destination_id",
        _columns(
            """
            destination_id STRING !
            destination_name STRING !
            destination_type STRING ! -- EMAIL, SLACK, WEBHOOK, TEAMS, PAGERDUTY, DATABRICKS_APP_…
            databricks_destination_id STRING -- written back
            config_json STRING
            stand_in ARRAY<STRING> -- notified while its secrets are missing: deployer, a channel
            owner STRING !
            is_enabled BOOLEAN !
            created_by STRING !
            created_at TIMESTAMP !
            updated_by STRING
            updated_at TIMESTAMP
            tags MAP<STRING,STRING>
            last_synced_at TIMESTAMP -- written back
            last_sync_status STRING -- written back: SUCCESS, ERROR
            last_sync_error STRING -- written back
            last_sync_action STRING -- written back
            databricks_display_name STRING -- written back: its name as deployed last
            """
        ),
    ),
    TableDefinition(
        VALIDATION,
        "What validation found, a row a rule and run.",
        "alert_id",
        _columns(
            """
            alert_id STRING !
            is_valid BOOLEAN !
            error_message STRING
            validation_run_id STRING
            validated_at TIMESTAMP
            config_version BIGINT
            query_hash STRING
            error_class STRING
            sqlstate STRING
            duration_ms DOUBLE
            fingerprint STRING -- what a valid result hangs on: unchanged, no EXPLAIN is sent
            """
        ),
    ),
    TableDefinition(
        METRICS,
        "One row a deployment.",
        "sync_run_id",
        _columns(
            """
            sync_run_id STRING !
            sync_started_at TIMESTAMP !
            sync_ended_at TIMESTAMP
            total_alerts INT
            success_count INT
            error_count INT
            created_count INT
            updated_count INT
            deleted_count INT
            skipped_count INT
            avg_api_latency_ms DOUBLE
            max_api_latency_ms DOUBLE
            min_api_latency_ms DOUBLE
            p95_api_latency_ms DOUBLE
            total_duration_seconds DOUBLE
            dry_run BOOLEAN
            catalog STRING
            gold_schema STRING
            error_summary STRING
            record_created_timestamp TIMESTAMP
            config_version BIGINT
            stack STRING
            engine STRING
            """
        ),
    ),
    TableDefinition(
        HISTORY,
        "One row an evaluation of an alert.",
        "evaluation_id",
        _columns(
            """
            evaluation_id STRING !
            alert_id STRING !
            alert_name STRING
            agent_domain STRING
            severity STRING
            evaluation_timestamp TIMESTAMP !
            evaluation_date DATE !
            evaluation_status STRING !
            previous_status STRING
            query_result_value_double DOUBLE
            query_result_value_string STRING
            threshold_operator STRING
            threshold_value_type STRING
            threshold_value_double DOUBLE
            threshold_value_string STRING
            threshold_value_bool BOOLEAN
            query_duration_ms DOUBLE
            error_message STRING
            notification_sent BOOLEAN
            notification_channels_used ARRAY<STRING>
            record_created_timestamp TIMESTAMP
            """
        ),
        partition="evaluation_date",
    ),
    TableDefinition(
        MUTES,
        "Rules that are silenced for a time. `alerts mute` writes them; `alerts up` heeds them.",
        "mute_id",
        _columns(
            """
            mute_id STRING !
            selector STRING ! -- COST-*; domain=, severity=, tag=KEY[:VALUE], owner=; all must hold
            kind STRING ! -- paused: not evaluated; silent: notifies nobody
            starts_at TIMESTAMP !
            ends_at TIMESTAMP -- needed where there is no recurrence
            recurrence_cron STRING -- Quartz: when each occurrence begins, on the wall clock
            recurrence_duration STRING -- how long each lasts: 90m, 4h, 1d12h
            timezone STRING -- IANA name, of the recurrence
            reason STRING !
            created_by STRING !
            created_at TIMESTAMP
            """
        ),
    ),
)


_INTEGERS = ("TINYINT", "SMALLINT", "INT", "BIGINT")
_HELD_TOO = {
    "STRING": ("VARCHAR", "CHAR"),
    "DOUBLE": ("FLOAT", "DECIMAL", *_INTEGERS),
    "INT": ("BIGINT", "SMALLINT"),
    "BIGINT": ("INT",),
    "TIMESTAMP": ("TIMESTAMP_NTZ",),  # sessions of ours stand in UTC
}
_SIZED = re.compile(r"(?:VAR)?CHAR\(\d+\)")


def is_written_back(column: str) -> bool:
    """Whether a deployment writes this column of a configuration table, and nobody else."""
    return column.startswith(("databricks_", "last_sync"))


def definition(name: str) -> TableDefinition:
    """A table's definition by its name."""
    return next(table for table in TABLES if table.name == name)


def table_path(settings: Settings, name: str) -> str:
    """A table's full name as quoted SQL."""
    return qualified(settings.catalog, settings.gold_schema, name)


def create_or_migrate(warehouse: SqlWarehouse, settings: Settings) -> list[str]:
    """Make what is missing; answers what was done, one line a change, none when all was there.

    Tables of an older version or of the original framework get the columns they lack. All tables
    are looked at before anything is changed. Raises TableError that names every column whose type
    cannot hold what ours does, and what the warehouse raises.
    """
    schema = qualified(settings.catalog, settings.gold_schema)
    present = _present(warehouse, settings)
    _require_types(settings, present or {})
    done = []
    if present is None:
        warehouse.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
        done.append(f"created schema {settings.catalog}.{settings.gold_schema}")
        present = {}
    for table in TABLES:
        if table.name not in present:
            warehouse.execute(create_statement(table, settings))
            done.append(f"created table {table.name}")
        else:
            done += _migrate(warehouse, settings, table, present[table.name])
    return done


def create_statement(table: TableDefinition, settings: Settings) -> str:
    """CREATE TABLE IF NOT EXISTS with comments, key and properties."""
    columns = [
        f"{quote(column.name)} {column.type}"
        + (" NOT NULL" if column.required else "")
        + (f" COMMENT '{_escaped(column.comment)}'" if column.comment else "")
        for column in table.columns
    ]
    columns.append(f"CONSTRAINT {quote('pk_' + table.name)} PRIMARY KEY ({quote(table.key)})")
    layout = f"PARTITIONED BY ({quote(table.partition)})" if table.partition else "CLUSTER BY AUTO"
    properties = ", ".join(f"'{key}' = '{value}'" for key, value in _PROPERTIES.items())
    if table.name == VALIDATION:
        # A rule has a row for each run: alert_id alone is no key.
        columns.pop()
    return (
        f"CREATE TABLE IF NOT EXISTS {table_path(settings, table.name)} (\n  "
        + ",\n  ".join(columns)
        + f"\n) USING DELTA {layout}\nCOMMENT '{_escaped(table.comment)}'\n"
        + f"TBLPROPERTIES ({properties})"
    )


def _present(warehouse: SqlWarehouse, settings: Settings) -> dict[str, dict[str, str]] | None:
    """Columns and types of our tables that exist, by one query; None without the schema."""
    names = [table.name for table in TABLES]
    catalog = quote(settings.catalog)
    schemata = warehouse.query(
        f"SELECT schema_name FROM {catalog}.information_schema.schemata "
        "WHERE schema_name = :schema",
        {"schema": settings.gold_schema.lower()},
    )
    if not schemata:
        return None
    rows = warehouse.query(
        f"SELECT table_name, column_name, full_data_type FROM {catalog}.information_schema.columns "
        "WHERE table_schema = :schema AND table_name IN "
        f"({', '.join(repr(name) for name in names)})",
        {"schema": settings.gold_schema.lower()},
    )
    found: dict[str, dict[str, str]] = {}
    for row in rows:
        columns = found.setdefault(row["table_name"], {})
        columns[row["column_name"].lower()] = row["full_data_type"].upper().replace(" ", "")
    return found


def _require_types(settings: Settings, present: dict[str, dict[str, str]]) -> None:
    wrong = [
        f"  {settings.catalog}.{settings.gold_schema}.{table.name}, column {column.name}: its type "
        f"is {kind}, it should be {column.type}"
        for table in TABLES
        for column in table.columns
        if (kind := present.get(table.name, {}).get(column.name)) and not holds(column.type, kind)
    ]
    if wrong:
        raise TableError(
            "these columns cannot hold what they should:\n"
            + "\n".join(wrong)
            + "\nRename or rebuild them (ALTER TABLE … RENAME COLUMN); nothing was changed"
        )


def holds(ours: str, theirs: str) -> bool:
    """Whether a column of type `theirs` holds the values that one of type `ours` is for.

    Types as information_schema gives them, in capitals and without spaces. Numbers are converted
    as they are written (store assignment), so a count of milliseconds may be whole.
    """
    if ours in ("ARRAY<STRING>", "MAP<STRING,STRING>"):
        return _SIZED.sub("STRING", theirs) == ours
    kind = theirs.partition("(")[0]
    return kind == ours or kind in _HELD_TOO.get(ours, ())


def _migrate(
    warehouse: SqlWarehouse, settings: Settings, table: TableDefinition, present: dict[str, str]
) -> list[str]:
    missing = [column for column in table.columns if column.name not in present]
    if not missing:
        return []
    added = ", ".join(
        f"{quote(column.name)} {column.type}"
        + (f" COMMENT '{_escaped(column.comment)}'" if column.comment else "")
        for column in missing
    )
    try:
        warehouse.execute(f"ALTER TABLE {table_path(settings, table.name)} ADD COLUMNS ({added})")
    except WarehouseError as error:
        if "ALREADY_EXISTS" not in error.condition:
            raise
        return []  # another `alerts init` was faster
    return [f"added to {table.name}: {', '.join(column.name for column in missing)}"]


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("'", "\\'")
