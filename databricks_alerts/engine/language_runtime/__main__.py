"""Start the language host: `python -m databricks_alerts.engine.language_runtime`."""

from __future__ import annotations

import argparse
import os

# gRPC warns on standard error, which people see, whenever a process with threads starts another.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")


def main() -> None:
    """Serve until the engine goes away, or says so by a signal."""
    parser = argparse.ArgumentParser(prog="pulumi-language-python")
    parser.add_argument("--version", "-version", action="store_true", help="print the version")
    # The CLI hands its own flags on (`-v=9`, `--tracing=…`), which nothing here uses.
    parser.add_argument(
        "engine", nargs="?", default="", help="address of the engine's gRPC service"
    )
    arguments, _ = parser.parse_known_args()
    from databricks_alerts.engine.language_runtime.process import run, version

    if arguments.version:
        print(version())
        return
    run(arguments.engine)


if __name__ == "__main__":
    main()
