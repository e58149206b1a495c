"""Ninety days of a company's platform: deterministic rows for the system tables.

Nothing is random: what looks like noise is arithmetic on a row's number. About a third of the
rules of the pack health_monitor fires on them:

| rule | why |
|---|---|
| COST-001 | today the SQL warehouse costs 1,700 in place of 300 |
| COST-007 | the job nightly-load is dear every day |
| COST-012 | all-purpose compute and two jobs carry no tags |
| COST-017 | yesterday's run of job-04 cost five times the usual |
| SEC-006 | a login fails every ten minutes |
| SEC-008 | at night, too |
| PERF-009 | a third of the queries spills |
| PERF-011 | those, the slow and the queued ones |
| REL-003 | job-19 has failed since the day before yesterday |
| CLUSTER-002 | cluster-5 idles |
| QUAL-002 | two of forty tables are stale |
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from databricks_alerts.local_workspace.system.samples import (
    compute,
    lakeflow,
    money,
    people,
    quality,
)
from databricks_alerts.local_workspace.system.samples.window import Rows, Window


@dataclass(frozen=True)
class Sample:
    """How to make a table's rows.

    `anew`: what happens lately hangs on which day is today, so that all rows are made each time;
    else rows are the same for ever, and those of the time since are added.
    """

    rows: Callable[[Window], Rows]
    anew: bool = False


SAMPLES: Mapping[str, Sample] = MappingProxyType(
    {
        "access.audit": Sample(people.audit),
        "access.table_lineage": Sample(people.table_lineage),
        "access.column_lineage": Sample(people.column_lineage),
        "billing.usage": Sample(money.usage, anew=True),
        "billing.list_prices": Sample(money.list_prices, anew=True),
        "compute.clusters": Sample(compute.clusters, anew=True),
        "compute.node_timeline": Sample(compute.node_timeline),
        "compute.warehouses": Sample(compute.warehouses, anew=True),
        "compute.warehouse_events": Sample(compute.warehouse_events, anew=True),
        "lakeflow.jobs": Sample(lakeflow.jobs, anew=True),
        "lakeflow.job_tasks": Sample(lakeflow.job_tasks, anew=True),
        "lakeflow.job_run_timeline": Sample(lakeflow.job_run_timeline, anew=True),
        "lakeflow.job_task_run_timeline": Sample(lakeflow.job_task_run_timeline, anew=True),
        "query.history": Sample(people.queries),
        "storage.predictive_optimization_operations_history": Sample(
            quality.optimizations, anew=True
        ),
        "data_quality_monitoring.table_results": Sample(quality.table_results),
    }
)
