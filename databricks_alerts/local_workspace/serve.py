"""Serving a workspace in this process, until a signal ends it."""

from __future__ import annotations

import configparser
import datetime as dt
import json
import logging
import os
import secrets
import socket
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from databricks_alerts.local_workspace import lock
from databricks_alerts.local_workspace.alarms import Alarms
from databricks_alerts.local_workspace.errors import WorkspaceProcessError
from databricks_alerts.local_workspace.evaluation.clock import Clock
from databricks_alerts.local_workspace.identity.models import ADMIN, Directory
from databricks_alerts.local_workspace.protocol import Protocol
from databricks_alerts.local_workspace.server import application
from databricks_alerts.local_workspace.sql_engines import SAIL_ENGINE, SqlEngine
from databricks_alerts.local_workspace.state import WAREHOUSE_ID, Workspace
from databricks_alerts.local_workspace.store import Store
from databricks_alerts.local_workspace.warehouse import Warehouse

LOOPBACK = "127.0.0.1"
PROFILE = "local"


@dataclass(frozen=True)
class Options:
    """What runs SQL, the clock's start and speed, posts beyond loopback."""

    sql_engine: SqlEngine = SAIL_ENGINE
    clock: dt.datetime | None = None
    speed: float = 1.0
    allow_egress: bool = False


def serve(data_dir: Path, port: int, options: Options = Options()) -> None:
    """Serve the workspace of `data_dir` on a loopback port until SIGTERM or SIGINT.

    Raises WorkspaceProcessError when another process serves it, the port is taken, or the SQL
    engine does not start.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    data_dir.mkdir(parents=True, exist_ok=True)
    data_dir.chmod(0o700)  # tokens and secrets are in there
    with lock.held(data_dir):
        listener = _listen(port)
        with options.sql_engine.running(data_dir) as spark_url:
            _serve(data_dir, listener, options, spark_url)


def _serve(
    data_dir: Path, listener: socket.socket, options: Options, spark_url: str | None
) -> None:
    host = f"http://{LOOPBACK}:{listener.getsockname()[1]}"
    store = Store(data_dir / "workspace.sqlite")
    directory = Directory(store)
    token = _token(data_dir)
    directory.keep_token(ADMIN, token)
    clock = Clock(options.clock, options.speed)
    warehouse = Warehouse(
        data_dir / "warehouse",
        spark_url,
        is_admin=directory.is_admin,
        is_member=directory.is_member,
        clock=clock,
    )
    warehouse.start()
    try:
        alarms = Alarms(store, warehouse, clock, lambda: host, egress=options.allow_egress)
        workspace = Workspace(
            store, warehouse, directory, host, clock, alarms=alarms, journal=warehouse.journal
        )
        _announce(data_dir, host, token, options.sql_engine)
        alarms.start()
        try:
            _run(workspace, listener)
        finally:
            alarms.close()
    finally:
        warehouse.stop()
        store.close()


def _run(workspace: Workspace, listener: socket.socket) -> None:
    config = uvicorn.Config(
        application(workspace),
        http=Protocol,
        log_level="warning",
        ws="none",
        lifespan="off",
        timeout_keep_alive=75,
        timeout_graceful_shutdown=3,
        h11_max_incomplete_event_size=64 * 1024,
    )
    uvicorn.Server(config).run(sockets=[listener])


def _listen(port: int) -> socket.socket:
    # With its protocol named, asyncio switches Nagle off on what it accepts.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((LOOPBACK, port))
    except OSError as error:
        listener.close()
        raise WorkspaceProcessError(
            f"port {port} on {LOOPBACK} cannot be taken ({error.strerror}): another program "
            "listens there; choose another with --port"
        ) from error
    listener.listen(1024)
    return listener


def _token(data_dir: Path) -> str:
    """The admin's token, made once a folder."""
    path = data_dir / "databrickscfg"
    parser = configparser.ConfigParser()
    if path.exists() and parser.read(path) and parser.has_option(PROFILE, "token"):
        return parser.get(PROFILE, "token")
    return f"dapi{secrets.token_hex(16)}"


def _announce(data_dir: Path, host: str, token: str, sql_engine: SqlEngine) -> None:
    """Write where the workspace is: a profile for clients, a record for `process`."""
    profile = f"[{PROFILE}]\nhost = {host}\ntoken = {token}\n"
    _write(data_dir / "databrickscfg", profile, mode=0o600)
    facts = {"url": host, "pid": os.getpid(), "warehouse_id": WAREHOUSE_ID}
    facts["sql_engine"] = sql_engine.shown
    _write(data_dir / "server.pid", f"{os.getpid()}\n")
    _write(data_dir / "server.json", json.dumps(facts))


def _write(path: Path, text: str, mode: int = 0o644) -> None:
    """Replace a file whole, so that a reader never sees half of it."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    temporary.replace(path)
