"""A small platform's life as SQL: one SELECT a gold table, the same for the same day everywhere.

Nothing is random: what looks like noise is arithmetic on the row's number. The data begins weeks
before the day and ends `FUTURE_DAYS` after it, so that the windows of the last hour and the last
day hold rows at any time of the day, and on the days after; queries that end their windows now see
none of the future. About a third of health_monitor's rules fires on the day itself:

| rule | value | why |
|---|---|---|
| COST-001 | about 167 | today the SQL warehouse costs 1,700 in place of 300 |
| COST-007 | about 560 | the job nightly-load is dear every day |
| COST-012 | about 77 | all-purpose compute and two jobs carry no tags |
| COST-017 | 1 | yesterday's run of job-04 cost five times the usual |
| SEC-006 | 6 or 7 | a login fails every ten minutes |
| PERF-009 | 30 | three of ten queries spill |
| PERF-011 | about 33 | those, the slow and the queued ones |
| REL-003 | 1 | job-19 has failed since the day before yesterday |
| CLUSTER-002 | 1 | cluster-5 idles |
| QUAL-002 | 2 | two of forty tables are stale |
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time
from types import MappingProxyType

FUTURE_DAYS = 3
_ZONE = "America/Los_Angeles"


def rows_of(table: str, day: date) -> str:
    """The SELECT that makes the table's rows, columns named. Raises KeyError for another table."""
    return _TABLES[table][1](day)


def clock_column(table: str) -> str:
    """The DATE or TIMESTAMP column that tells how far the table's rows reach."""
    return _TABLES[table][0]


def _usage(day: date) -> str:
    days = 35
    cost = (
        "CASE item WHEN 11 THEN 560 WHEN 12 THEN 420"
        " WHEN 13 THEN CASE WHEN age = 0 THEN 1700 ELSE 300 END"
        " ELSE 20 + 10 * item END"
        " * CASE WHEN item = 4 AND age = 1 THEN 5 ELSE 1 END"
    )
    return f"""
SELECT date_sub(DATE '{day}', CAST(age AS INT)) AS usage_date,
       CASE item WHEN 12 THEN 'PREMIUM_ALL_PURPOSE_COMPUTE' WHEN 13 THEN 'PREMIUM_SQL_PRO_COMPUTE'
                 ELSE 'PREMIUM_JOBS_COMPUTE' END AS sku_name,
       CAST(({cost}) * (1 + (pmod(id * 7919, 7) - 3) / 200.0D) AS DECIMAL(18,6)) AS list_cost,
       CASE WHEN item IN (0, 1, 12) THEN CAST(NULL AS MAP<STRING,STRING>)
            ELSE map('team', concat('team-', CAST(pmod(item, 3) AS STRING))) END AS custom_tags,
       CASE WHEN item = 11 THEN 'nightly-load'
            WHEN item < 11 THEN concat('job-', lpad(CAST(item AS STRING), 2, '0')) END
         AS usage_metadata_job_id,
       CASE WHEN item <= 11 THEN concat('run-', CAST(item AS STRING), '-',
                CAST(date_sub(DATE '{day}', CAST(age AS INT)) AS STRING)) END
         AS usage_metadata_job_run_id
FROM (SELECT id, id % 14 AS item, {days} - id DIV 14 AS age
      FROM range({14 * (days + FUTURE_DAYS + 1)}))"""


def _lineage(day: date) -> str:
    start = _epoch(day, days=8)
    hours = 24 * (8 + FUTURE_DAYS + 1)
    return f"""
SELECT CASE WHEN pmod(number, 2) = 0 THEN 'main.pii.customers'
            ELSE concat('main.sales.table_', CAST(pmod(hour_number, 20) AS STRING)) END
         AS source_table_full_name,
       concat('main.marts.mart_', CAST(pmod(number, 5) AS STRING)) AS target_table_full_name,
       concat('user', CAST(number DIV 2 AS STRING), '@example.com') AS created_by,
       event_time,
       CAST(event_time AS DATE) AS event_date
FROM (SELECT id % 12 AS number, id DIV 12 AS hour_number,
             timestamp_seconds({start} + 3600 * (id DIV 12) + 300 * (id % 12)) AS event_time
      FROM range({12 * hours}))
UNION ALL
SELECT concat('main.attic.table_', CAST(id AS STRING)), CAST(NULL AS STRING), 'user0@example.com',
       timestamp_seconds({_epoch(day, days=40)} + 43200), date_sub(DATE '{day}', 40)
FROM range(6)"""


def _audit(day: date) -> str:
    start = _epoch(day, days=8)
    minutes = 1440 * (8 + FUTURE_DAYS + 1)
    return f"""
SELECT event_time,
       CAST(event_time AS DATE) AS event_date,
       CASE WHEN failed THEN 'tokenLogin' ELSE 'getTable' END AS action_name,
       CASE WHEN failed THEN 401 ELSE 200 END AS response_status_code
FROM (SELECT timestamp_seconds({start} + 60 * id) AS event_time, id % 10 = 5 AS failed,
             from_utc_timestamp(to_utc_timestamp(timestamp_seconds({start} + 60 * id),
                                                 current_timezone()), '{_ZONE}') AS local_time
      FROM range({minutes}))
WHERE failed
   OR (dayofweek(local_time) BETWEEN 2 AND 6 AND hour(local_time) BETWEEN 8 AND 17)"""


def _queries(day: date) -> str:
    start = _epoch(day, days=8)
    return f"""
SELECT timestamp_seconds({start} + 120 * id) AS start_time,
       CASE WHEN id % 50 = 7 THEN 400000 ELSE 2000 + pmod(id * 7919, 1000) END
         AS total_duration_ms,
       CAST(CASE WHEN id % 25 = 11 THEN 15000 ELSE 0 END AS BIGINT)
         AS waiting_at_capacity_duration_ms,
       CAST(CASE WHEN id % 10 < 3 THEN 1048576 ELSE 0 END AS BIGINT) AS spilled_local_bytes
FROM range({720 * (8 + FUTURE_DAYS + 1)})"""


def _job_runs(day: date) -> str:
    days = 32
    return f"""
SELECT concat('job-', lpad(CAST(job AS STRING), 2, '0')) AS job_id,
       concat('run-', CAST(id AS STRING)) AS run_id,
       CASE WHEN job = 19 AND age <= 2 THEN 'FAILED'
            WHEN pmod(slot * 31 + job * 7, 41) = 0 THEN 'FAILED'
            ELSE 'SUCCEEDED' END AS result_state,
       timestamp_seconds({_epoch(day, days=days)} + 14400 * slot + 60 * job) AS period_start_time,
       CAST((600 + 30 * job + pmod(id * 7919, 20))
            * CASE WHEN job = 5 AND age <= 1 THEN 2.0D
                   WHEN job = 6 AND age <= 1 THEN 0.05D ELSE 1.0D END AS BIGINT)
         AS run_duration_seconds
FROM (SELECT id, id % 20 AS job, id DIV 20 AS slot, {days} - id DIV 120 AS age
      FROM range({120 * (days + FUTURE_DAYS + 1)}))"""


def _nodes(day: date) -> str:
    start = _epoch(day, days=8)
    return f"""
SELECT concat('cluster-', CAST(cluster AS STRING)) AS cluster_id,
       timestamp_seconds({start} + 1800 * (id DIV 6)) AS start_time,
       CASE WHEN cluster = 5 THEN 6.0D ELSE 40.0D + 8 * cluster END + pmod(id * 7919, 10) / 2.0D
         AS cpu_user_percent,
       CASE WHEN cluster = 5 THEN 1.0D ELSE 5.0D END AS cpu_system_percent,
       55.0D + pmod(id * 7919, 20) AS mem_used_percent
FROM (SELECT id, id % 6 AS cluster FROM range({6 * 48 * (8 + FUTURE_DAYS + 1)}))"""


def _quality(day: date) -> str:
    start = _epoch(day, days=8)
    return f"""
SELECT timestamp_seconds({start} + 21600 * (id DIV 40)) AS event_time,
       'main' AS catalog_name,
       CASE WHEN number < 20 THEN 'sales' ELSE 'marts' END AS schema_name,
       concat('table_', CAST(number AS STRING)) AS table_name,
       CASE WHEN number < 2 THEN 'Unhealthy' ELSE 'Healthy' END AS status,
       CASE WHEN number < 2 THEN 'Unhealthy' ELSE 'Healthy' END AS freshness_status,
       'Healthy' AS completeness_status
FROM (SELECT id, id % 40 AS number FROM range({40 * 4 * (8 + FUTURE_DAYS + 1)}))"""


def _epoch(day: date, *, days: int) -> int:
    """Seconds since 1970 of midnight UTC, so many days before the day."""
    midnight = datetime.combine(day, time(), tzinfo=UTC)
    return int(midnight.timestamp()) - 86_400 * days


_TABLES: Mapping[str, tuple[str, Callable[[date], str]]] = MappingProxyType(
    {
        "fact_usage": ("usage_date", _usage),
        "fact_table_lineage": ("event_time", _lineage),
        "fact_audit_logs": ("event_time", _audit),
        "fact_query_history": ("start_time", _queries),
        "fact_job_run_timeline": ("period_start_time", _job_runs),
        "fact_node_timeline": ("start_time", _nodes),
        "fact_data_quality_monitoring_table_results": ("event_time", _quality),
    }
)
SAMPLE_TABLES = tuple(_TABLES)
"""Names of the tables that there is sample data for."""
