"""The pulumi CLI as an engine: the same operations, its own display, our events from its log."""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from databricks_alerts.cli.context import StackContext
from databricks_alerts.cli.state import open_backend_of, open_store
from databricks_alerts.engine.events import (
    DiagnosticEvent,
    EngineEvent,
    ResourceFailedEvent,
    ResourceOutputsEvent,
    SummaryEvent,
    from_json,
)
from databricks_alerts.engine.options import (
    DeploymentOptions,
    DeploymentResult,
    Failure,
    Operation,
    Sink,
)


class PulumiCli:
    """Runs `pulumi` on a stack; its event log, which it keeps for debugging, tells what it did."""

    name = "pulumi"

    def __init__(self, path: str, stack: StackContext, environment: Mapping[str, str]) -> None:
        self._path = path
        self._stack = stack
        self._environment = {
            **stack.environment,
            **environment,
            # The event log is one of the flags that pulumi shows to developers of pulumi only.
            "PULUMI_DEBUG_COMMANDS": "true",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
        }

    def preview(self, options: DeploymentOptions, sink: Sink) -> DeploymentResult:
        """`pulumi preview`."""
        result = self._run("preview", [], options, sink)
        checkpoint = open_store(self._stack).load()
        result.pending = checkpoint is not None and bool(checkpoint.pending)
        return result

    def up(self, options: DeploymentOptions, sink: Sink) -> DeploymentResult:
        """`pulumi up`, whose preview was shown before."""
        return self._run("up", ["--yes", "--skip-preview"], options, sink)

    def refresh(self, options: DeploymentOptions, sink: Sink) -> DeploymentResult:
        """`pulumi refresh`."""
        extra = ["--preview-only"] if options.preview else ["--yes", "--skip-preview"]
        return self._run("refresh", extra, options, sink)

    def destroy(self, options: DeploymentOptions, sink: Sink) -> DeploymentResult:
        """`pulumi destroy`."""
        extra = ["--preview-only"] if options.preview else ["--yes", "--skip-preview"]
        return self._run("destroy", extra, options, sink)

    def cancel(self) -> None:
        """Nothing to do: the CLI stands in our process group and gets Ctrl-C itself."""

    def stand_by(self, modules: Sequence[str]) -> None:
        """Nothing to do: the CLI starts its own language host."""

    def close(self) -> None:
        """Nothing stands by."""

    def _run(
        self, operation: Operation, extra: list[str], options: DeploymentOptions, sink: Sink
    ) -> DeploymentResult:
        started = time.monotonic()
        result = DeploymentResult(operation, preview=operation == "preview" or options.preview)
        with tempfile.TemporaryDirectory(prefix="alerts-") as folder:
            log = Path(folder) / "events.json"
            command = [self._path, operation, "--non-interactive", "--stack", self._stack.stack]
            command += [*extra, "--event-log", str(log), *_flags(operation, options)]
            self._select()
            with subprocess.Popen(
                command,
                cwd=self._stack.project_dir,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            ) as process:
                printed, _ = process.communicate()
            for event in _events(log):
                sink(event)
                _collect(result, event)
        result.duration = time.monotonic() - started
        if process.returncode != 0:
            result.result = "failed"
            if not result.failures:
                result.error = printed.decode(errors="replace").strip()
        if operation == "up":
            result.outputs = self._outputs()
        return result

    def _select(self) -> None:
        """Make the backend's folder and the stack where they are not there yet."""
        open_backend_of(self._stack.project_dir)[0].prepare()
        subprocess.run(
            [self._path, "stack", "select", "--create", self._stack.stack, "--non-interactive"],
            cwd=self._stack.project_dir,
            env=self._environment,
            check=False,
            capture_output=True,
        )

    def _outputs(self) -> dict[str, Any]:
        answer = subprocess.run(
            [self._path, "stack", "output", "--json", "--stack", self._stack.stack],
            cwd=self._stack.project_dir,
            env=self._environment,
            check=False,
            capture_output=True,
        )
        try:
            found: dict[str, Any] = json.loads(answer.stdout)
        except ValueError:
            return {}
        return found


def _flags(operation: Operation, options: DeploymentOptions) -> list[str]:
    flags = ["--parallel", str(options.parallel)]
    # The CLI knows no refresh of some resources beside an update of all.
    refresh = options.refresh or bool(options.stale)
    flags += ["--refresh"] if refresh and operation in ("preview", "up") else []
    flags += ["--message", options.message] if options.message else []
    if options.continue_on_error and operation in ("up", "destroy"):
        flags.append("--continue-on-error")
    for name, urns in (
        ("--target", options.targets),
        ("--exclude", options.excludes),
        ("--replace", options.replace),
    ):
        for urn in urns:
            flags += [name, urn]
    flags += ["--target-dependents"] if options.target_dependents else []
    return flags + (["--exclude-dependents"] if options.exclude_dependents else [])


def _events(log: Path) -> Iterator[EngineEvent]:
    if not log.exists():
        return
    with log.open(encoding="utf-8") as lines:
        for line in lines:
            event = from_json(json.loads(line))
            if event is not None:
                yield event


def _collect(result: DeploymentResult, event: EngineEvent) -> None:
    match event.payload:
        case ResourceOutputsEvent(metadata=metadata):
            result.steps.append(metadata)
        case ResourceFailedEvent(metadata=metadata):
            result.steps.append(metadata)
            said = [item for item in result.diagnostics if item.urn == metadata.urn]
            message = "; ".join(item.message.strip() for item in said) or "failed"
            result.failures.append(Failure(metadata.urn, metadata.op, message))
        case DiagnosticEvent(severity="error") as diagnostic:
            result.diagnostics.append(diagnostic)
        case SummaryEvent(resource_changes=changes):
            result.changes.update(changes)
