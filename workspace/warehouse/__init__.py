"""The SQL warehouse of the local workspace: Sail (or a Spark) on real Delta tables."""

from workspace.warehouse.errors import SqlError
from workspace.warehouse.result import Result
from workspace.warehouse.thrift import thrift_routes
from workspace.warehouse.warehouse import Session, Warehouse

__all__ = ["Result", "Session", "SqlError", "Warehouse", "thrift_routes"]
