"""Both engines on one folder, asked and answering in the same way."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from databricks_alerts.cli.pulumi_tools import shell_environment, tools_of
from databricks_alerts.engine.display import EventLog, PreviewDigest, tee
from databricks_alerts.engine.engine import Engine
from databricks_alerts.engine.events import EngineEvent, from_json
from databricks_alerts.engine.options import DeploymentOptions

ROOT = Path(__file__).parents[3]
STACK = "test"
PASSPHRASE = ""


@dataclass(frozen=True)
class Run:
    """How an operation ended: status, the event log, the document of `--json`, what was printed."""

    status: int
    log: tuple[Mapping[str, Any], ...] = ()
    document: Mapping[str, Any] = field(default_factory=dict)
    said: str = ""

    @property
    def events(self) -> list[EngineEvent]:
        """The events of the log that the embedded engine knows."""
        found = (from_json(dict(line)) for line in self.log)
        return [event for event in found if event is not None]


class EngineUnderTest(Protocol):
    """What the matrix asks of an engine."""

    name: str

    def run(self, folder: Path, operation: str, options: DeploymentOptions) -> Run:
        """Preview, up, refresh or destroy; does not ask."""


class Embedded:
    """The project's own engine."""

    name = "embedded"

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = dict(environment)

    def run(self, folder: Path, operation: str, options: DeploymentOptions) -> Run:
        """In this process; the log is written and read, so that its lines are compared."""
        engine = Engine(folder, STACK, passphrase=PASSPHRASE, environment=self._environment)
        digest, log = PreviewDigest(), folder / "embedded.log"
        try:
            with EventLog(log) as written:
                result = getattr(engine, operation)(options, tee(digest, written))
        finally:
            engine.close()
        said = " ".join([*(item.message for item in result.diagnostics), result.error or ""])
        status = 0 if result.succeeded else 1
        return Run(status, _lines(log), digest.to_json(result.duration), said)


class Real:
    """The pulumi CLI that `make pulumi` builds, with the project's own plugins."""

    name = "real"

    def __init__(
        self, environment: Mapping[str, str], home: Path, extra: Mapping[str, str] | None = None
    ) -> None:
        self.environment = {
            **environment,
            **(extra or {}),
            **shell_environment(tools_of(ROOT), environment),
            "PULUMI_HOME": str(home),
            "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
            # The event log is one of the flags that pulumi shows to developers of pulumi only.
            "PULUMI_DEBUG_COMMANDS": "true",
        }

    def run(self, folder: Path, operation: str, options: DeploymentOptions) -> Run:
        """By the command line."""
        log = folder / "real.log"
        log.unlink(missing_ok=True)
        arguments = [operation, "--stack", STACK, "--event-log", str(log), *_flags(options)]
        if operation != "preview":
            arguments += ["--yes", "--skip-preview"]
        answer = self.pulumi(folder, *arguments)
        return Run(min(answer.status, 1), _lines(log), said=answer.said)

    def preview_json(self, folder: Path, options: DeploymentOptions) -> Mapping[str, Any]:
        """The document of `pulumi preview --json`."""
        # What an update does about errors is no question of a preview's.
        flags = _flags(replace(options, continue_on_error=False))
        arguments = ["preview", "--json", "--stack", STACK, *flags]
        answer = self._call(folder, arguments)
        document: Mapping[str, Any] = json.loads(answer.stdout)
        return document

    def pulumi(self, folder: Path, *arguments: str) -> Run:
        """Any command."""
        answer = self._call(folder, list(arguments))
        return Run(answer.returncode, said=answer.stdout + answer.stderr)

    def _call(self, folder: Path, arguments: list[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["pulumi", "--non-interactive", *arguments],
            cwd=folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )


@contextlib.contextmanager
def plugins_running(environment: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Both plugins as processes that every run attaches to; answers the variables that say so.

    It saves a run the start of both, and is what people do who debug a plugin. The programs are
    forked from one that waits (`warm_programs`).
    """
    plugins = {"PULUMI_DEBUG_PROVIDERS": ("databricks", "databricks_alerts.engine.providers.serve")}
    plugins["PULUMI_DEBUG_LANGUAGES"] = ("python", "tests.warm_language_runtime")
    found = {}
    with contextlib.ExitStack() as stack:
        for variable, (name, module) in plugins.items():
            process = stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-P", "-m", module],
                    env={**environment, "PYTHONPATH": str(ROOT)},
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            stack.callback(process.terminate)
            assert process.stdout is not None
            found[variable] = f"{name}:{process.stdout.readline().strip()}"
        yield found


def built() -> bool:
    """Whether the real engine is there to be tested."""
    return tools_of(ROOT).cli.is_file()


def program_environment(config_file: Path) -> dict[str, str]:
    """What programs and plugins see: this project's Python, the local workspace's profile."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("DATABRICKS_")}
    return {**kept, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{kept.get('PATH', '')}"}


def _flags(options: DeploymentOptions) -> list[str]:
    flags = ["--parallel", str(options.parallel)]
    switches = {
        "--refresh": options.refresh,
        "--target-dependents": options.target_dependents,
        "--exclude-dependents": options.exclude_dependents,
        "--continue-on-error": options.continue_on_error,
        "--exclude-protected": options.exclude_protected,
        "--expect-no-changes": options.expect_no_changes,
        "--preview-only": options.preview,
    }
    flags += [name for name, wanted in switches.items() if wanted]
    lists = {
        "--target": options.targets,
        "--exclude": options.excludes,
        "--replace": options.replace,
    }
    flags += [text for name, urns in lists.items() for urn in urns for text in (name, urn)]
    return flags + (["--message", options.message] if options.message else [])


def _lines(log: Path) -> tuple[Mapping[str, Any], ...]:
    if not log.exists():
        return ()
    lines = log.read_text(encoding="utf-8").splitlines()
    return tuple(json.loads(line) for line in lines)
