"""`python -m workspace serve`: the process behind `alerts workspace start`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from workspace.errors import WorkspaceProcessError
from workspace.serve import serve


def main() -> None:
    """Parse the command line and serve until told to stop."""
    parser = argparse.ArgumentParser(prog="workspace", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("serve", help="serve a local Databricks workspace on loopback")
    command.add_argument("--data", type=Path, required=True, help="folder of its data")
    command.add_argument("--port", type=int, default=0, help="loopback port; 0 takes a free one")
    command.add_argument("--spark", help="a Spark Connect server (sc://host:port) behind SQL")
    options = parser.parse_args()
    try:
        serve(options.data, options.port, spark=options.spark)
    except WorkspaceProcessError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
