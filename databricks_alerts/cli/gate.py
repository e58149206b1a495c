"""Gathers what a gate decides on: tables, validation, preview with drift, policies, cost."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache, partial
from typing import Any

from databricks_alerts.cli import debug
from databricks_alerts.cli.deploy import DeploymentEngine, Request, working
from databricks_alerts.cli.history import PATIENCE, HistoryBeside
from databricks_alerts.cli.state import open_store
from databricks_alerts.deployed import Deployed, deployed_from
from databricks_alerts.engine import urn as urns
from databricks_alerts.engine.builtin import outputs_by_urn
from databricks_alerts.engine.display.changes import of_step
from databricks_alerts.engine.errors import EngineError
from databricks_alerts.engine.events import (
    EngineEvent,
    ResourceOutputsEvent,
    ResourcePreEvent,
    StepMetadata,
)
from databricks_alerts.engine.options import DeploymentResult
from databricks_alerts.engine.values import Secret
from databricks_alerts.errors import AlertsError, GuardError, ValidationError, WarehouseError
from databricks_alerts.gate.cost import estimate
from databricks_alerts.gate.measured import Measured, read_measured
from databricks_alerts.gate.model import (
    Cost,
    Drifted,
    GateReport,
    PropertyChange,
    Quota,
    StepChange,
)
from databricks_alerts.gate.places import places_of
from databricks_alerts.gate.verdict import decide
from databricks_alerts.mutes.force import told
from databricks_alerts.plan.deployment import Plan, Prepared, plan
from databricks_alerts.plan.guards import WORKSPACE_ALERT_LIMIT
from databricks_alerts.policies import Change, Policy, RuleView, violations
from databricks_alerts.policies.configuration import load_policies
from databricks_alerts.sql.identifiers import qualified
from databricks_alerts.sql.warehouse import SqlWarehouse
from databricks_alerts.validation.fingerprint import Schemas, tables_in
from databricks_alerts.validation.remembered import remember

_QUIET = frozenset({"same", "read", "refresh"})
_PARTS = frozenset(
    {"create-replacement", "delete-replaced", "discard-replaced", "read-replacement"}
)


@dataclass
class Watched:
    """A sink that keeps what a preview with refresh found: steps, and what had drifted."""

    steps: list[StepMetadata] = field(default_factory=list)
    drifted: list[StepMetadata] = field(default_factory=list)
    _refreshing: set[str] = field(default_factory=set)

    def __call__(self, event: EngineEvent) -> None:
        """Take note of one event."""
        payload = event.payload
        if isinstance(payload, ResourcePreEvent):
            if payload.metadata.op == "refresh":
                self._refreshing.add(payload.metadata.urn)
            else:
                self.steps.append(payload.metadata)
        elif isinstance(payload, ResourceOutputsEvent):
            step = payload.metadata
            # pulumi tells a resource that is gone by a delete, the embedded engine by no new state.
            if step.urn in self._refreshing and (step.op in ("update", "delete") or _gone(step)):
                self.drifted.append(step)
            self._refreshing.discard(step.urn)


def run_gate(
    request: Request, labels: frozenset[str], levels: Mapping[str, str] | None = None
) -> GateReport:
    """The report of one stack; its verdict is `unknown` when anything could not be looked at.

    `levels` are policies' levels by name, over those of policies.yaml.
    """
    try:
        return _run(request, labels, levels or {})
    except (AlertsError, EngineError) as error:
        return _unknown(request, str(error))
    # Whatever else goes wrong: exit status 1 would say that the gate has looked and said no.
    except Exception as error:  # noqa: BLE001
        debug.show(error)
        return _unknown(
            request, f"the gate itself failed: {error!r}; `alerts --debug gate` shows where"
        )


def _unknown(request: Request, reason: str) -> GateReport:
    return GateReport(
        stack=request.stack.stack,
        verdict="unknown",
        reasons=(reason,),
        generated_at=dt.datetime.now(dt.UTC),
    )


def deployed_of(request: Request) -> Deployed:
    """What the stack deployed last, from its state. Raises StateError, SecretsError."""
    checkpoint = open_store(request.stack).load()
    return deployed_from(outputs_by_urn(checkpoint.resources if checkpoint else ()))


def _run(request: Request, labels: frozenset[str], levels: Mapping[str, str]) -> GateReport:
    stack = request.stack
    policies = load_policies(stack.project_dir / "stacks", stack.stack, levels)
    with working(request) as (engine, prepared):
        history = HistoryBeside(stack).start()
        deployed = deployed_of(request)
        planned, refusal = _planned(prepared, deployed)
        watched = Watched()
        if refusal is None:
            _preview(request, engine, watched)
        fetched = history.finish(PATIENCE)
        with stack.warehouse() as warehouse:
            measured = read_measured(warehouse, prepared.settings)
            change = _change(
                request, prepared, deployed, watched, policies, warehouse, labels, measured
            )
            broken = violations(policies, change)
    findings = tuple(prepared.report.findings)
    blind = [text for text in (fetched.problem, measured.warning(stack.stack)) if text]
    verdict, reasons = decide(findings, broken, [refusal] if refusal else [])
    snapshot, settings = prepared.snapshot, prepared.settings
    keys = {item.key for item in findings} | {item.key for item in broken}
    wrong = [rule for rule in snapshot.rules if rule.alert_id in keys]
    return GateReport(
        stack=stack.stack,
        verdict=verdict,
        reasons=reasons,
        refusals=(refusal,) if refusal else (),
        generated_at=dt.datetime.now(dt.UTC),
        catalog=settings.catalog,
        gold_schema=settings.gold_schema,
        config_version=snapshot.config_version,
        destinations_version=snapshot.destinations_version,
        rules=len(prepared.report.rules),
        steps=change.steps,
        unchanged=sum(1 for step in watched.steps if step.op == "same"),
        findings=findings,
        violations=tuple(broken),
        drift=change.drift,
        cost=change.cost,
        quota=_quota(prepared, planned),
        warnings=(
            *(planned.warnings if planned else ()),
            *told(snapshot.muted, snapshot.rules, snapshot.idle_mutes),
            *blind,
        ),
        places=places_of(wrong, stack.project_dir / "packs", stack.project_dir),
    )


def _planned(prepared: Prepared, deployed: Deployed) -> tuple[Plan | None, str | None]:
    """The plan, or the guard's refusal; findings speak for themselves."""
    try:
        return plan(prepared, deployed), None
    except GuardError as error:
        return None, str(error)
    except ValidationError:
        return None, "onInvalid is fail: nothing is deployed while a rule is invalid"


def _preview(request: Request, engine: DeploymentEngine, watched: Watched) -> DeploymentResult:
    options = replace(request.options, refresh=True)
    result = engine.preview(options, watched)
    if not result.succeeded:
        told = [item.message for item in result.failures]
        told += [item.message for item in result.diagnostics if item.severity == "error"]
        told += [result.error] if result.error else []
        raise EngineError(f"the preview failed: {'; '.join(told) or 'it did not say why'}")
    return result


def _change(
    request: Request,
    prepared: Prepared,
    deployed: Deployed,
    watched: Watched,
    policies: list[Policy],
    warehouse: SqlWarehouse,
    labels: frozenset[str],
    measured: Measured,
) -> Change:
    snapshot = prepared.snapshot
    views = tuple(
        RuleView(rule, result.query)
        for rule in snapshot.rules
        if rule.is_enabled
        if (result := prepared.report.result(rule.alert_id)) is not None and result.query
    )
    scans = any(item.name == "no-unbounded-scan" and item.level != "off" for item in policies)
    return Change(
        rules=views,
        destinations={item.destination_id: item for item in snapshot.destinations},
        steps=tuple(_step(step) for step in watched.steps if _tells(step)),
        drift=tuple(_drifted(step) for step in watched.drifted),
        cost=_cost(request, prepared, deployed, views, measured),
        labels=labels,
        schemas=_schemas(warehouse, prepared, views) if scans else Schemas(),
        table_bytes=cache(partial(_table_bytes, warehouse)),
        seen=measured.seen,
        samples=measured.samples,
    )


def _tells(step: StepMetadata) -> bool:
    ours = step.type.startswith("databricks:")
    return ours and step.op not in _QUIET and step.op not in _PARTS


def _step(step: StepMetadata) -> StepChange:
    return StepChange(
        op=step.op,
        kind=step.type.rsplit(":", 1)[-1],
        key=urns.name_of(step.urn),
        changes=() if step.op == "delete" else _properties(step),
    )


def _drifted(step: StepMetadata) -> Drifted:
    gone = _gone(step)
    return Drifted(
        kind=step.type.rsplit(":", 1)[-1],
        key=urns.name_of(step.urn),
        what="deleted" if gone else "changed",
        changes=() if gone else _properties(step),
    )


def _gone(step: StepMetadata) -> bool:
    return step.op == "delete" or step.new is None


def _properties(step: StepMetadata) -> tuple[PropertyChange, ...]:
    return tuple(
        PropertyChange(path=item.path, old=_text(item.old), new=_text(item.new))
        for item in of_step(step)
    )


def _text(value: Any) -> str | None:
    """A value as a report shows it: text as it is, the rest as JSON, no secret."""
    if value is None or isinstance(value, str):
        return value
    return (
        _word(value)
        if isinstance(value, Secret)
        else json.dumps(value, ensure_ascii=False, default=_word)
    )


def _word(value: Any) -> str:
    return "[secret]" if isinstance(value, Secret) else str(value)


def _cost(
    request: Request,
    prepared: Prepared,
    deployed: Deployed,
    views: tuple[RuleView, ...],
    measured: Measured,
) -> Cost:
    ours = set(deployed.alerts.values())
    standing = [item for item in prepared.inventory.alerts if item.id in ours]
    return estimate(
        [view.rule for view in views],
        measured.seconds,
        _warehouse_size(request),
        standing or None,
        dt.datetime.now(dt.UTC).year,
    )


def _warehouse_size(request: Request) -> str:
    from databricks_alerts.workspace_view.inventory import get

    path = f"/api/2.0/sql/warehouses/{request.stack.settings.warehouse_id}"
    return str(get(request.stack.workspace, path).get("cluster_size", ""))


def _schemas(warehouse: SqlWarehouse, prepared: Prepared, views: tuple[RuleView, ...]) -> Schemas:
    names = {name for view in views for name in tables_in(view.query) or ()}
    return remember(warehouse, prepared.settings, names).schemas


def _table_bytes(warehouse: SqlWarehouse, path: str) -> int | None:
    """A table's size by DESCRIBE DETAIL; None for views and whatever else has none."""
    try:
        rows = warehouse.query(f"DESCRIBE DETAIL {qualified(*path.split('.'))}")
    except WarehouseError:
        return None
    size = rows[0].get("sizeInBytes") if rows else None
    return None if size is None else int(size)


def _quota(prepared: Prepared, planned: Plan | None) -> Quota:
    new = [item for item in planned.alerts if item.decision == "deploy"] if planned else []
    return Quota(
        used=len(prepared.inventory.alerts),
        new=sum(1 for item in new if not item.existing),
        limit=WORKSPACE_ALERT_LIMIT,
    )
