"""The SQL warehouse of the local workspace: Sail (or a Spark) on real Delta tables."""

from workspace.warehouse.errors import SqlError
from workspace.warehouse.grants import Grant, Grants
from workspace.warehouse.result import Result
from workspace.warehouse.statement_routes import statement_routes
from workspace.warehouse.thrift import thrift_routes
from workspace.warehouse.warehouse import Session, Warehouse

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
