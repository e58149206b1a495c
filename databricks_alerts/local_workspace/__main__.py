"""`python -m databricks_alerts.local_workspace serve`: what `alerts workspace start` starts."""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from pathlib import Path

from databricks_alerts.local_workspace.errors import WorkspaceProcessError
from databricks_alerts.local_workspace.serve import Options, serve
from databricks_alerts.local_workspace.sql_engines import NAMES, chosen


def _moment(text: str) -> dt.datetime:
    """A time; without a zone it is UTC."""
    found = dt.datetime.fromisoformat(text)
    return found.astimezone(dt.UTC) if found.tzinfo else found.replace(tzinfo=dt.UTC)


def main() -> None:
    """Parse the command line and serve until told to stop."""
    parser = argparse.ArgumentParser(prog="workspace", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("serve", help="serve a local Databricks workspace on loopback")
    command.add_argument("--data", type=Path, required=True, help="folder of its data")
    command.add_argument("--port", type=int, default=0, help="loopback port; 0 takes a free one")
    command.add_argument("--sql-engine", choices=NAMES, help="what runs SQL; default: sail")
    command.add_argument("--spark-memory", help="how much Apache Spark may take, such as 2g")
    command.add_argument("--spark", help="a Spark Connect server (sc://host:port) behind SQL")
    command.add_argument("--clock", type=_moment, help="the time to begin at, 2026-11-01T00:00Z")
    command.add_argument("--speed", type=float, default=1.0, help="seconds that pass in one")
    command.add_argument("--allow-egress", action="store_true", help="post beyond loopback")
    given = parser.parse_args()
    try:
        engine = chosen(given.sql_engine, given.spark_memory, given.spark)
        options = Options(engine, given.clock, given.speed, given.allow_egress)
        serve(given.data, given.port, options)
    except WorkspaceProcessError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
