"""A plan file: what a reviewer saw, so that exactly that is deployed or nothing.

It holds digests and words, no values: nothing in it is secret. `up --plan` previews again and goes
on only if the tables, the program and the state are as they were, or the steps are the same.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

import databricks_alerts
from databricks_alerts.cli.context import StackContext
from databricks_alerts.cli.state import open_store
from databricks_alerts.engine import project as projects
from databricks_alerts.engine import urn as urns
from databricks_alerts.engine.display.changes import of_step
from databricks_alerts.engine.events import EngineEvent, ResourcePreEvent, StepMetadata
from databricks_alerts.errors import ConfigurationError, GuardError
from databricks_alerts.plan.deployment import Prepared

_QUIET = frozenset({"read", "refresh"})
_PROGRAM = ("__main__.py", "Pulumi.yaml", "components")
_IDLE = frozenset({"cli", "engine", "local_workspace"})  # rooms of ours that no program imports


class PlannedStep(BaseModel):
    """One step: what, on what, and a digest of its values."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    op: str
    urn: str
    digest: str


class PlanFile(BaseModel):
    """What was planned, and on what ground; `steps` are all but sames, sorted."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: int = 1
    project: str
    stack: str
    config_version: int
    destinations_version: int
    validation: str
    program: str
    state: str
    steps: tuple[PlannedStep, ...]
    seal: str = ""

    def sealed(self) -> PlanFile:
        """With a digest over everything, so that a damaged or edited file is seen."""
        return self.model_copy(update={"seal": self._digest()})

    @property
    def intact(self) -> bool:
        """Whether nothing was changed since it was sealed."""
        return self.seal == self._digest()

    def _digest(self) -> str:
        return _hash(self.model_dump(exclude={"seal"}))


class StepCollector:
    """A sink that keeps the steps that a plan is made of."""

    def __init__(self) -> None:
        self._steps: dict[tuple[str, str], PlannedStep] = {}

    def __call__(self, event: EngineEvent) -> None:
        """Take note of one event."""
        payload = event.payload
        if not isinstance(payload, ResourcePreEvent):
            return
        step = payload.metadata
        if step.op in _QUIET or step.type.startswith("pulumi:"):
            return
        if step.op != "same":
            self._steps[step.op, step.urn] = _planned(step)

    @property
    def steps(self) -> tuple[PlannedStep, ...]:
        """In an order that does not hang on what ran first."""
        return tuple(self._steps[key] for key in sorted(self._steps))


def make_plan(context: StackContext, prepared: Prepared, steps: Iterable[PlannedStep]) -> PlanFile:
    """The plan of a preview that has just been made."""
    return PlanFile(
        project=projects.load(context.project_dir).name,
        stack=context.stack,
        config_version=prepared.snapshot.config_version,
        destinations_version=prepared.snapshot.destinations_version,
        validation=_hash([(r.alert_id, r.query_hash, r.is_valid) for r in prepared.report.rules]),
        program=_program(context.project_dir),
        state=_state(context),
        steps=tuple(steps),
    ).sealed()


def write_plan(path: Path, plan: PlanFile) -> None:
    """Write it whole. Raises ConfigurationError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.new")
        temporary.write_text(plan.model_dump_json(indent=2) + "\n", encoding="utf-8")
        temporary.replace(path)
    except OSError as error:
        raise ConfigurationError(f"--out {path}: {error.strerror}") from error


def read_plan(path: Path, context: StackContext) -> PlanFile:
    """A plan of this stack. Raises ConfigurationError for a missing, damaged or foreign one."""
    try:
        plan = PlanFile.model_validate_json(path.read_bytes())
    except OSError as error:
        raise ConfigurationError(f"--plan {path}: {error.strerror}") from error
    except ValidationError as error:
        raise ConfigurationError(
            f"--plan {path} is no whole plan file ({error.error_count()} problems): make it again "
            "with alerts preview --out"
        ) from error
    if not plan.intact:
        raise ConfigurationError(f"--plan {path} was changed after it was made: make it again")
    project = projects.load(context.project_dir).name
    if (plan.project, plan.stack) != (project, context.stack):
        raise ConfigurationError(
            f"--plan {path} is of {plan.project}/{plan.stack}, not of {project}/{context.stack}"
        )
    return plan


def require_same(wanted: PlanFile, now: PlanFile) -> None:
    """Refuse where what is about to be done is not what was planned.

    What changed around it is only named if the steps differ: the same steps are the same plan.
    Raises GuardError.
    """
    if wanted.steps == now.steps:
        return
    reasons = [
        f"{what}: {before} → {after}"
        for what, before, after in (
            ("alert_configurations", wanted.config_version, now.config_version),
            ("notification_destinations", wanted.destinations_version, now.destinations_version),
        )
        if before != after
    ]
    reasons += [
        f"the {name} changed"
        for name in ("program", "state", "validation")
        if getattr(wanted, name) != getattr(now, name)
    ]
    before, after = set(wanted.steps), set(now.steps)
    told = [f"planned and no more: {_named(before - after)}"] if before - after else []
    told += [f"new: {_named(after - before)}"] if after - before else []
    raise GuardError(
        "what would be done is not what the plan says: "
        + "; ".join([*told, *reasons])
        + ". Preview again, and let the new plan be approved"
    )


def _planned(step: StepMetadata) -> PlannedStep:
    values = [(item.path, item.kind, item.old, item.new) for item in of_step(step)]
    return PlannedStep(op=step.op, urn=step.urn, digest=_hash(values))


def _state(context: StackContext) -> str:
    """A digest of what the state holds, whoever wrote it and when."""
    checkpoint = open_store(context).load()
    resources = checkpoint.resources if checkpoint else []
    return _hash([(item.urn, item.id, item.delete) for item in resources])


def _program(directory: Path) -> str:
    files = [
        path
        for name in _PROGRAM
        for path in (
            [directory / name]
            if (directory / name).is_file()
            else sorted((directory / name).rglob("*.py"))
        )
    ]
    package = Path(databricks_alerts.__file__).parent  # wherever it is installed
    ours = [
        path
        for path in sorted(package.rglob("*.py"))
        if path.relative_to(package).parts[0] not in _IDLE
    ]
    texts = [(str(f.relative_to(directory)), f.read_text(encoding="utf-8")) for f in files]
    texts += [(str(f.relative_to(package)), f.read_text(encoding="utf-8")) for f in ours]
    return _hash(texts)


def _hash(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _named(steps: set[PlannedStep], most: int = 5) -> str:
    words = sorted(f"{step.op} {urns.name_of(step.urn)}" for step in steps)
    shown = ", ".join(words[:most])
    return shown if len(words) <= most else f"{shown} and {len(words) - most} more"
