"""What people do: requests and logins, tables read and written, queries."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np

from databricks_alerts.local_workspace.ids import METASTORE_ID, WAREHOUSE_ID
from databricks_alerts.local_workspace.system.samples.window import (
    Numbers,
    Rows,
    Window,
    days,
    micros,
    names,
    noise,
    ours,
    person,
)

_ZONE = ZoneInfo("America/Los_Angeles")
_HOUR = 3600
_PEOPLE = [person(number) for number in range(6)]


def audit(window: Window) -> Rows:
    """Every five minutes: by turns a login that fails, and a table looked up in working hours."""
    slots, _ = window.slots(300)
    failed = slots % 2 == 1
    kept = failed | _in_working_hours(slots * 300)
    slots, failed = slots[kept], failed[kept]
    times = slots * 300
    who = [_PEOPLE[number] for number in (slots // 2 % 6).tolist()]
    bad = failed.tolist()
    return len(slots), {
        **ours(),
        "version": "2.0",
        "event_time": micros(times),
        "event_date": days(times),
        "source_ip_address": names("10.30.0.{}", slots // 2 % 6 + 10),
        "user_agent": "Mozilla/5.0",
        "session_id": names("session-{}", slots // 12),
        "user_identity": {"email": who},
        "service_name": ["accounts" if item else "unityCatalog" for item in bad],
        "action_name": ["tokenLogin" if item else "getTable" for item in bad],
        "request_id": names("request-{}", slots),
        "request_params": [
            {"user": user, "authenticationMethod": "BEARER_TOKEN"}
            if item
            else {"full_name_arg": f"main.sales.table_{number}"}
            for item, user, number in zip(bad, who, (slots % 20).tolist(), strict=True)
        ],
        "response": {
            "status_code": np.where(failed, 401, 200),
            "error_message": ["Invalid access token." if item else None for item in bad],
        },
        "audit_level": "WORKSPACE_LEVEL",
        "event_id": names("audit-{}", slots),
        "identity_metadata": {"run_by": who, "run_as": who},
    }


def _in_working_hours(seconds: Numbers) -> np.ndarray:
    """Monday to Friday, 8 to 18 in California; hours are looked up once each."""
    hours = np.unique(seconds // _HOUR)
    local = [dt.datetime.fromtimestamp(int(hour) * _HOUR, _ZONE) for hour in hours]
    good = np.array([time.weekday() < 5 and 8 <= time.hour < 18 for time in local], dtype=bool)
    return good[np.searchsorted(hours, seconds // _HOUR)]


def table_lineage(window: Window) -> Rows:
    """Twelve reads an hour by six people, half of them of the customers' table."""
    return _lineage(window.slots(300)[0])


def column_lineage(window: Window) -> Rows:
    """Two columns an hour."""
    slots, _ = window.slots(1800)
    count, values = _lineage(slots * 6)
    odd = (slots % 2).tolist()
    return count, {
        **values,
        "source_column_name": ["amount" if item else "email" for item in odd],
        "target_column_name": ["revenue" if item else "contact" for item in odd],
    }


def _lineage(numbers: Numbers) -> Rows:
    """What is read in slots of five minutes, twelve an hour."""
    times, hours, within = numbers * 300, numbers // 12, numbers % 12
    tables = [
        ("pii", "customers") if number % 2 == 0 else ("sales", f"table_{hour % 20}")
        for number, hour in zip(within.tolist(), hours.tolist(), strict=True)
    ]
    marts = names("mart_{}", within % 5)
    return len(times), {
        **ours(),
        "metastore_id": METASTORE_ID,
        "entity_type": "NOTEBOOK",
        "entity_id": names("{}", within + 100),
        "source_table_full_name": [f"main.{schema}.{table}" for schema, table in tables],
        "source_table_catalog": "main",
        "source_table_schema": [schema for schema, _ in tables],
        "source_table_name": [table for _, table in tables],
        "source_type": "TABLE",
        "target_table_full_name": [f"main.marts.{mart}" for mart in marts],
        "target_table_catalog": "main",
        "target_table_schema": "marts",
        "target_table_name": marts,
        "target_type": "TABLE",
        "created_by": [_PEOPLE[number] for number in (within // 2).tolist()],
        "event_time": micros(times),
        "event_date": days(times),
        "record_id": names("record-{}", numbers),
        "event_id": names("event-{}", numbers),
        "statement_id": names("statement-{}", numbers),
        "entity_metadata": {"notebook_id": names("{}", within + 100)},
    }


def queries(window: Window) -> Rows:
    """A query every four minutes; of fifty one is slow and two queue, a third spills."""
    slots, _ = window.slots(240)
    times = slots * 240
    took = np.where(slots % 50 == 7, 400_000, 2_000 + noise(slots, 1_000))
    queued = np.where(slots % 25 == 11, 15_000, 0)
    who = [_PEOPLE[number] for number in (slots % 6).tolist()]
    return len(slots), {
        **ours(),
        "statement_id": names("query-{}", slots),
        "session_id": names("session-{}", slots // 12),
        "execution_status": "FINISHED",
        "compute": {"type": "WAREHOUSE", "warehouse_id": WAREHOUSE_ID},
        "executed_by": who,
        "executed_by_user_id": names("{}", slots % 6 + 1),
        "executed_as": who,
        "executed_as_user_id": names("{}", slots % 6 + 1),
        "statement_text": names("SELECT * FROM main.marts.mart_{}", slots % 5),
        "statement_type": "SELECT",
        "client_application": "Databricks SQL Editor",
        "total_duration_ms": took,
        "waiting_for_compute_duration_ms": 0,
        "waiting_at_capacity_duration_ms": queued,
        "execution_duration_ms": took - 200 - queued * (took > 15_200),
        "compilation_duration_ms": 200,
        "total_task_duration_ms": took * 4,
        "result_fetch_duration_ms": 20,
        "start_time": micros(times),
        "end_time": times * 1_000_000 + took * 1_000,
        "update_time": times * 1_000_000 + took * 1_000,
        "read_files": slots % 40 + 1,
        "read_rows": (slots % 40 + 1) * 10_000,
        "produced_rows": slots % 500,
        "read_bytes": (slots % 40 + 1) * 1_048_576,
        "from_result_cache": False,
        "spilled_local_bytes": np.where(slots % 3 == 1, 1_048_576, 0),
        "query_source": {"sql_query_id": names("saved-{}", slots % 30)},
    }
