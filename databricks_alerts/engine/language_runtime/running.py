"""`Run`: a program in a process of its own, by the launcher that the embedded engine uses."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from pulumi.runtime.proto import language_pb2

from databricks_alerts.engine.events import Severity
from databricks_alerts.engine.language_host import ProgramRequest
from databricks_alerts.engine.language_runtime.toolchain import Toolchain
from databricks_alerts.engine.launcher import SHOWN_TO_USER


def program_request(request: Any, toolchain: Toolchain, engine_address: str) -> ProgramRequest:
    """What to start for a RunRequest."""
    info = request.info
    return ProgramRequest(
        interpreter=toolchain.interpreter,
        project_dir=Path(info.root_directory),
        program=Path(info.program_directory, info.entry_point or "."),
        project=request.project,
        stack=request.stack,
        address=request.monitor_address,
        engine_address=engine_address,
        parallel=request.parallel,
        dry_run=request.dryRun,
        config=dict(request.config),
        secret_keys=list(request.configSecretKeys),
        environment=toolchain.environment(os.environ),
        organization=request.organization or "organization",
    )


def show(severity: Severity, line: str) -> None:
    """Hand a line of the program's output to the engine, which reads ours."""
    print(line, file=sys.stderr if severity == "info#err" else sys.stdout, flush=True)


def run_response(status: int) -> Any:
    """What the engine is told of the launcher's exit status."""
    if status == SHOWN_TO_USER:
        return language_pb2.RunResponse(bail=True)
    return language_pb2.RunResponse(error=_ending(status))


def _ending(status: int) -> str:
    if status == 0:
        return ""
    if status < 0:
        return f"the program was ended by signal {-status}"
    return f"the program ended with exit status {status}"
