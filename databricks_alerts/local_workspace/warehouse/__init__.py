"""The SQL warehouse of the local workspace: Sail (or a Spark) on real Delta tables."""

from databricks_alerts.local_workspace.warehouse.errors import SqlError
from databricks_alerts.local_workspace.warehouse.grants import Grant, Grants
from databricks_alerts.local_workspace.warehouse.result import Result
from databricks_alerts.local_workspace.warehouse.statement_routes import statement_routes
from databricks_alerts.local_workspace.warehouse.thrift import thrift_routes
from databricks_alerts.local_workspace.warehouse.warehouse import Session, Warehouse

__all__ = [
    "Grant",
    "Grants",
    "Result",
    "Session",
    "SqlError",
    "Warehouse",
    "statement_routes",
    "thrift_routes",
]
