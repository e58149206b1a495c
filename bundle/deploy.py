"""The job's task: `alerts up` of one stack by the embedded engine, inside Databricks.

A job has no environment of its own: the state's place and the passphrase come as parameters and
from a secret scope, the credentials from the job's identity.
"""

from __future__ import annotations

import argparse
import base64
import os
import runpy
import sys
from pathlib import Path


def main() -> None:
    """Deploy; the exit status of `alerts up` fails the task."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stack", required=True)
    parser.add_argument("--state", required=True, help="folder of a volume that keeps the state")
    parser.add_argument("--secret-scope", help="scope whose key `passphrase` is the state's")
    parser.add_argument("--mutes", action="store_true", help="only what a mute begins or ends")
    options = parser.parse_args()
    root = _project()
    sys.path.insert(0, str(root))
    os.chdir(root)
    in_volume = options.state.startswith("/Volumes/")
    os.environ["PULUMI_BACKEND_URL"] = options.state if in_volume else f"file://{options.state}"
    os.environ["PYTHONPATH"] = str(root)
    if options.secret_scope and "PULUMI_CONFIG_PASSPHRASE" not in os.environ:
        os.environ["PULUMI_CONFIG_PASSPHRASE"] = _passphrase(options.secret_scope)
    sys.argv = ["alerts", "up", "--stack", options.stack, "--yes", "--engine", "embedded"]
    sys.argv += ["--mutes"] if options.mutes else []
    runpy.run_module("databricks_alerts.cli", run_name="__main__")


def _project() -> Path:
    """The synced folder: a task may be run without `__file__`, then it is where we stand."""
    here = Path(globals().get("__file__", "bundle/deploy.py")).resolve()
    return here.parents[1]


def _passphrase(scope: str) -> str:
    from databricks.sdk import WorkspaceClient

    found = WorkspaceClient().secrets.get_secret(scope, "passphrase")
    return base64.b64decode(found.value or "").decode()


if __name__ == "__main__":
    main()
