"""The warehouse's own routes on a loopback port, without the rest of the workspace."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn
from databricks import sql
from starlette.applications import Starlette
from starlette.requests import Request

from databricks_alerts.local_workspace.warehouse import Warehouse, statement_routes, thrift_routes

WAREHOUSE_ID = "w"
ADMIN = "ada@local.test"
# A Spark Connect server (sc://host:port) that sees this machine's files, in place of Sail.
SPARK = os.environ.get("ALERTS_TEST_SPARK")


@dataclass
class WarehouseServer:
    """A running warehouse; `connect` opens a connection of databricks-sql-connector."""

    port: int
    warehouse: Warehouse

    def connect(self, user: str = ADMIN, **options: Any) -> Any:
        """A connection by the connector's default transport, as this user."""
        return sql.connect(
            server_hostname="127.0.0.1",
            http_path="/sql/1.0/warehouses/w",
            access_token=user,
            _connection_uri=f"http://127.0.0.1:{self.port}/sql/1.0/warehouses/w",
            enable_telemetry=False,
            **options,
        )


def _user(request: Request) -> str:
    return request.headers["authorization"].removeprefix("Bearer ")


@contextmanager
def serve(data_dir: Path) -> Iterator[WarehouseServer]:
    """A warehouse on `data_dir`, served until the block ends; a token is its user's name."""
    warehouse = Warehouse(data_dir, SPARK, is_admin=lambda user: user == ADMIN)
    warehouse.start()
    rooms = (lambda key: warehouse if key == WAREHOUSE_ID else None, _user)
    app = Starlette(routes=[*thrift_routes(*rooms), *statement_routes(*rooms)])
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning", ws="none"))
    # With its protocol named, asyncio switches Nagle off on what it accepts.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    listener.listen(128)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield WarehouseServer(listener.getsockname()[1], warehouse)
    finally:
        server.should_exit = True
        thread.join(10)
        warehouse.stop()
