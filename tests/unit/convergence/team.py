"""A team that edits its rows at random, and what must be true after each deployment."""

from __future__ import annotations

import copy
import datetime as dt
import itertools
import json
import random
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from in_process import HOME, MemoryStorage, Models, run

from components.alerting import Alerting, AlertingArgs
from components.deployed import deployed_by_this_stack
from components.outputs import export_outputs
from databricks_alerts.cli.outcome import row_outcomes
from databricks_alerts.cli.quiet import is_quiet
from databricks_alerts.destinations.targets import KINDS
from databricks_alerts.engine.options import DeploymentResult
from databricks_alerts.engine.state.resource import ResourceState
from databricks_alerts.engine.storage import StackState
from databricks_alerts.outcome.record import Outcome, has_news
from databricks_alerts.plan.deployment import Prepared, plan
from databricks_alerts.rules.environment import in_environment, read_placed
from databricks_alerts.rules.findings import Finding
from databricks_alerts.rules.recorded import Recorded, digest, recorded
from databricks_alerts.rules.rows import Destination, Rule, read_destination
from databricks_alerts.rules.settings import Settings
from databricks_alerts.snapshot import Snapshot
from databricks_alerts.validation import RuleResult, ValidationReport
from databricks_alerts.workspace_view.inventory import (
    ExistingDestination,
    Inventory,
    existing_alert,
)

MOMENT = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
BROKEN = "SELECT nope AS v"
CONFIGURATIONS = {
    "SLACK": {"url": "https://hooks.test/x"},
    "EMAIL": {"addresses": ["a@b.co"]},
    "WEBHOOK": {"url": "https://hooks.test/y"},
}
_SETTINGS = Settings(
    catalog="c", gold_schema="g", warehouse_id="w", parent_path=HOME, max_deletes=1000
)
Row = dict[str, Any]


def _rule(key: str, name: str, channels: list[str]) -> Row:
    return {
        "alert_id": key,
        "alert_name": name,
        "agent_domain": "COST",
        "severity": "CRITICAL",
        "alert_query_template": "SELECT 1 AS v",
        "threshold_column": "v",
        "threshold_operator": ">",
        "threshold_value_type": "DOUBLE",
        "threshold_value_double": 0.0,
        "empty_result_state": "OK",
        "schedule_cron": "0 0 8 * * ?",
        "schedule_timezone": "UTC",
        "pause_status": "PAUSED",
        "is_enabled": True,
        "notification_channels": channels,
        "notify_on_ok": False,
        "use_custom_template": False,
        "owner": "o",
        "created_by": "c",
        "created_at": MOMENT,
        "databricks_alert_id": None,
    }


def _destination(key: str, name: str, kind: str) -> Row:
    return {
        "destination_id": key,
        "destination_name": name,
        "destination_type": kind,
        "config_json": json.dumps(CONFIGURATIONS[kind]),
        "owner": "o",
        "is_enabled": True,
        "created_by": "c",
        "created_at": MOMENT,
        "databricks_destination_id": None,
    }


@dataclass
class Team:
    """Rows, a workspace and a stack; `story` tells what was done, for a failing example."""

    directory: Path
    dice: random.Random
    models: Models
    storage: MemoryStorage = field(default_factory=MemoryStorage)
    rules: list[Row] = field(default_factory=list)
    destinations: list[Row] = field(default_factory=list)
    story: list[str] = field(default_factory=list)
    fresh: Any = field(default_factory=lambda: itertools.count(1))
    retyped: set[str] = field(default_factory=set)
    config_version: int = 1
    had: list[tuple[Row, str]] = field(default_factory=list)
    settings: Settings = _SETTINGS

    # -- edits --------------------------------------------------------------------------------

    def edit(self) -> None:
        """One edit that anybody might make, chosen by the dice."""
        edits = [
            self.insert_rule, self.insert_rule, self.change_key, self.rename, self.swap_names,
            self.swap_keys, self.move_name, self.disable, self.enable, self.delete_rule,
            self.replace_row, self.break_query, self.mend_query, self.change_severity,
            self.insert_destination, self.rename_destination, self.change_destination_key,
            self.change_destination_type, self.delete_destination, self.forget_in_state,
            self.restore_state, self.trash_outside, self.rename_outside, self.copy_row,
            self.forget_columns, self.orphan_in_state,
        ]  # fmt: skip
        chosen = self.dice.choice(edits)
        told = chosen()
        if told:
            self.story.append(f"{chosen.__name__}: {told}")

    def insert_rule(self) -> str:
        key, name = f"R{next(self.fresh)}", f"n{next(self.fresh)}"
        channels = [row["destination_id"] for row in self.destinations if self.dice.random() < 0.4]
        self.rules.append(_rule(key, name, channels))
        return f"{key} {name} {channels}"

    def change_key(self) -> str | None:
        row = self._some_rule()
        if row is None:
            return None
        before, row["alert_id"] = row["alert_id"], f"R{next(self.fresh)}"
        return f"{before} -> {row['alert_id']}"

    def rename(self) -> str | None:
        row = self._some_rule()
        if row is None:
            return None
        row["alert_name"] = f"n{next(self.fresh)}"
        return f"{row['alert_id']} -> {row['alert_name']}"

    def swap_names(self) -> str | None:
        return self._swap("alert_name", "severity")

    def swap_keys(self) -> str | None:
        return self._swap("alert_id")

    def move_name(self) -> str | None:
        """A gets B's name, and B a new one."""
        if len(self.rules) < 2:
            return None
        taker, giver = self.dice.sample(self.rules, 2)
        for column in ("alert_name", "severity"):
            taker[column] = giver[column]
        giver["alert_name"] = f"n{next(self.fresh)}"
        return f"{taker['alert_id']} <- {giver['alert_id']}"

    def disable(self) -> str | None:
        return self._set("is_enabled", False)

    def enable(self) -> str | None:
        return self._set("is_enabled", True)

    def break_query(self) -> str | None:
        return self._set("alert_query_template", BROKEN)

    def mend_query(self) -> str | None:
        return self._set("alert_query_template", f"SELECT {next(self.fresh)} AS v")

    def change_severity(self) -> str | None:
        return self._set("severity", self.dice.choice(["CRITICAL", "WARNING", "INFO"]))

    def delete_rule(self) -> str | None:
        row = self._some_rule()
        if row is None or len(self.rules) == 1:
            return None  # the guard refuses an emptied table
        self.rules.remove(row)
        return str(row["alert_id"])

    def replace_row(self) -> str | None:
        """A row deleted, and one of another key and the same name inserted."""
        row = self._some_rule()
        if row is None:
            return None
        self.rules.remove(row)
        made = _rule(f"R{next(self.fresh)}", row["alert_name"], row["notification_channels"])
        made["severity"] = row["severity"]
        self.rules.append(made)
        return f"{row['alert_id']} -> {made['alert_id']}"

    def copy_row(self) -> str | None:
        """INSERT … SELECT, written-back columns and all."""
        row = self._some_rule()
        if row is None:
            return None
        made = {**row, "alert_id": f"R{next(self.fresh)}", "alert_name": f"n{next(self.fresh)}"}
        self.rules.append(made)
        return f"{row['alert_id']} -> {made['alert_id']}"

    def forget_columns(self) -> str | None:
        """A row without what deployments wrote into it."""
        row = self._some_rule()
        if row is None:
            return None
        for column in [name for name in row if name.startswith("last_sync")]:
            del row[column]
        row["databricks_alert_id"] = row["databricks_display_name"] = None
        return str(row["alert_id"])

    def insert_destination(self) -> str:
        key = f"d{next(self.fresh)}"
        kind = self.dice.choice(sorted(CONFIGURATIONS))
        self.destinations.append(_destination(key, f"to {key}", kind))
        return f"{key} {kind}"

    def rename_destination(self) -> str | None:
        row = self._some(self.destinations)
        if row is None:
            return None
        row["destination_name"] = f"to d{next(self.fresh)}"
        return str(row["destination_id"])

    def change_destination_key(self) -> str | None:
        row = self._some(self.destinations)
        if row is None:
            return None
        before, after = row["destination_id"], f"d{next(self.fresh)}"
        row["destination_id"] = after
        if self.dice.random() < 0.7:  # else the rules that name it become invalid
            for rule in self.rules:
                rule["notification_channels"] = [
                    after if item == before else item for item in rule["notification_channels"]
                ]
        return f"{before} -> {after}"

    def change_destination_type(self) -> str | None:
        row = self._some(self.destinations)
        if row is None:
            return None
        kind = self.dice.choice(sorted(CONFIGURATIONS))
        row |= {"destination_type": kind, "config_json": json.dumps(CONFIGURATIONS[kind])}
        self.retyped.add(str(row["databricks_destination_id"]))
        return f"{row['destination_id']} {kind}"

    def delete_destination(self) -> str | None:
        row = self._some(self.destinations)
        if row is None or len(self.destinations) == 1:
            return None  # the guard refuses an emptied table
        self.destinations.remove(row)
        return str(row["destination_id"])

    def forget_in_state(self) -> str | None:
        """`pulumi state delete` of an alert or a destination, and of what refers to it."""
        state = copy.deepcopy(self.storage.state)
        found = self._resources(state, "databricks:")
        if not found:
            return None
        gone = self.dice.choice(found)
        state.resources = [item for item in state.resources if item.urn != gone.urn]
        for item in state.resources:
            item.dependencies = [urn for urn in item.dependencies if urn != gone.urn]
            item.property_dependencies = {
                key: [urn for urn in urns if urn != gone.urn]
                for key, urns in item.property_dependencies.items()
            }
        self.storage.save(state)
        return gone.name

    def orphan_in_state(self) -> str | None:
        """An alert under another URN, as `pulumi import` and `state move` leave it."""
        state = copy.deepcopy(self.storage.state)
        found = self._resources(state, "databricks:index/alertV2:")
        if not found:
            return None
        moved = self.dice.choice(found)
        moved.urn = f"urn:pulumi:test::databricks-alerts::{moved.type}::by-hand-{next(self.fresh)}"
        moved.parent = ""
        self.storage.save(state)
        return moved.urn

    def restore_state(self) -> str | None:
        """An older export imported, or all of the state lost."""
        number = self.dice.randrange(len(self.storage.states))
        self.storage.save(copy.deepcopy(self.storage.states[number]))
        return str(number)

    def trash_outside(self) -> str | None:
        alert = self._some(self._active())
        if alert is None:
            return None
        self.models.alerts.delete(alert["id"], purge=False)
        return str(alert["id"])

    def rename_outside(self) -> str | None:
        alert = self._some(self._active())
        if alert is None:
            return None
        name = f"by hand {next(self.fresh)}"
        self.models.answer(
            "PATCH", f"/api/2.0/alerts/{alert['id']}", {"update_mask": "display_name"},
            {"display_name": name},
        )  # fmt: skip
        return f"{alert['id']} -> {name}"

    def _active(self) -> list[Row]:
        """The alerts, in an order that does not hang on which thread was faster."""
        return sorted(self.models.alerts.active(), key=lambda item: str(item["display_name"]))

    @staticmethod
    def _resources(state: StackState, kind: str) -> list[ResourceState]:
        found = [item for item in state.resources if item.type.startswith(kind)]
        return sorted(found, key=lambda item: item.urn)

    def _some(self, rows: list[Row]) -> Row | None:
        return self.dice.choice(rows) if rows else None

    def _some_rule(self) -> Row | None:
        return self._some(self.rules)

    def _set(self, column: str, value: Any) -> str | None:
        row = self._some_rule()
        if row is None:
            return None
        row[column] = value
        return f"{row['alert_id']} {column} = {value}"

    def _swap(self, *columns: str) -> str | None:
        if len(self.rules) < 2:
            return None
        one, two = self.dice.sample(self.rules, 2)
        for column in columns:
            one[column], two[column] = two[column], one[column]
        return f"{one['alert_id']} <-> {two['alert_id']}"

    # -- deployments --------------------------------------------------------------------------

    def prepared(self) -> Prepared:
        """What the command reads before a run."""
        rows, environment = in_environment(self.rules, self.settings)
        rules = [self._read(partial(read_placed, self.settings), row) for row in rows]
        destinations = [self._read(read_destination, row) for row in self.destinations]
        assert all(isinstance(item, Rule) for item in rules), rules
        assert all(isinstance(item, Destination) for item in destinations), destinations
        report = ValidationReport(
            run_id="r",
            validated_at=MOMENT,
            config_version=self.config_version,
            rules=tuple(self._result(rule) for rule in rules if rule.is_enabled),
        )
        return Prepared(
            settings=self.settings,
            snapshot=Snapshot(
                config_version=self.config_version,
                destinations_version=self.config_version,
                rules=tuple(rules),
                destinations=tuple(destinations),
                environment=environment,
                config_digest=digest(self.rules),
                destinations_digest=digest(self.destinations),
                recorded_rules=self._recorded(self.rules, "alert_id", "databricks_alert_id"),
                recorded_destinations=self._recorded(
                    self.destinations, "destination_id", "databricks_destination_id"
                ),
            ),
            report=report,
            inventory=Inventory(
                alerts=tuple(existing_alert(item) for item in self.models.alerts.active()),
                destinations=tuple(
                    ExistingDestination(
                        id=item["id"],
                        display_name=item["display_name"],
                        type=item["destination_type"],
                    )
                    for item in self.models.destinations.all()
                ),
            ),
        )

    def deploy(self, operation: Any = "up") -> DeploymentResult:
        """One run of the program, refreshed as `alerts` does after changes outside."""
        prepared = self.prepared()
        self.blocked: dict[str, str] = {}
        self.warnings: tuple[str, ...] = ()

        def program() -> None:
            planned = plan(prepared, deployed_by_this_stack())
            self.blocked, self.warnings = planned.blocked, planned.warnings
            Alerting(
                "alerting",
                AlertingArgs(planned, lambda value: value, self._rename, lambda _path: None),
            )
            export_outputs(planned)

        result = run(self.directory, self.storage, self.models, program, operation, refresh=True)
        if operation == "up":
            self._record(prepared, result)
        return result

    def _rename(self, alert_id: str, name: str) -> None:
        self.models.answer(
            "PATCH", f"/api/2.0/alerts/{alert_id}", {"update_mask": "display_name"},
            {"display_name": name},
        )  # fmt: skip

    def _record(self, prepared: Prepared, result: DeploymentResult) -> None:
        """The MERGE of databricks_alerts.outcome.record, by hand."""
        alerts, destinations = row_outcomes(prepared, result)
        outcome = Outcome(
            run_id="r",
            stack="test",
            engine="embedded",
            started_at=MOMENT,
            ended_at=MOMENT,
            config_version=self.config_version,
            alerts=tuple(alerts),
            destinations=tuple(destinations),
        )
        if not has_news(outcome, prepared.snapshot):
            return
        self.config_version += 1
        for table, key, column, rows in (
            (self.rules, "alert_id", "databricks_alert_id", alerts),
            (self.destinations, "destination_id", "databricks_destination_id", destinations),
        ):
            by_key = {row.key: row for row in rows}
            for row in table:
                found = by_key.get(row[key])
                if found is not None:
                    known = found.databricks_id or row[column]
                    row[column] = None if found.stands_for_nothing else known
                    if found.display_name:
                        row["databricks_display_name"] = found.display_name
                    row["last_sync_status"] = found.status
                    row["last_sync_error"] = found.error

    @staticmethod
    def _read(read: Any, row: Row) -> Any:
        return read({**row, "last_sync_status": row.get("last_sync_status")})

    @staticmethod
    def _recorded(rows: list[Row], key: str, column: str) -> dict[str, Recorded]:
        return {row[key]: recorded(row, column) for row in rows}

    def _result(self, rule: Rule) -> RuleResult:
        known = {row["destination_id"] for row in self.destinations}
        wrong = [item for item in rule.notification_channels if item not in known]
        wrong += ["query"] if rule.alert_query_template == BROKEN else []
        names = [
            row
            for row in self._placed()
            if row["is_enabled"] and self._name(row) == rule.display_name
        ]
        wrong += ["its name stands twice"] if len(names) > 1 else []
        return RuleResult(
            alert_id=rule.alert_id,
            query=rule.alert_query_template,
            findings=tuple(
                Finding(key=rule.alert_id, check="row", what=item, where="t.c", remedy="r")
                for item in wrong
            ),
        )

    # -- what must be true --------------------------------------------------------------------

    def up_and_check(self) -> bool:
        """Deploy; the workspace equals the rows, nothing was lost, and the next run is quiet.

        False where a name was taken by an alert that is nobody's.
        """
        alive = {alert["id"] for alert in self.models.alerts.active()}
        before = [
            (row, identity)
            for row, identity in self.had
            if identity in alive and self._is_traceable(row, identity)
        ]
        targets = {id(row): row["databricks_destination_id"] for row in self.destinations}
        there = {item["id"] for item in self.models.destinations.all()}
        self.models.deleted.clear()
        result = self.deploy()
        if not result.succeeded:
            self._check_failures(result)
            return False
        self._check_alerts()
        self._check_identity(before)
        for row in self.destinations:
            was = targets.get(id(row))
            if was in there and was not in self.retyped:
                assert row["databricks_destination_id"] == was, ("destination moved", self.story)
        self._check_destinations()
        needed = {row["databricks_alert_id"] for row in self.rules if row["is_enabled"]}
        assert not needed & set(self.models.deleted), ("deleted what a rule has", self.story)
        previewed = self.deploy("preview")
        assert previewed.succeeded
        assert is_quiet(previewed), (
            [(step.op, step.urn) for step in previewed.steps if step.op != "same"],
            self.story,
        )
        self.retyped.clear()
        self.had = [(row, row["databricks_alert_id"]) for row in self.rules]
        return True

    def _is_traceable(self, row: Row, identity: str) -> bool:
        """Whether state or rows still tell, without doubt, that an alert is this row's."""
        places = [item.urn for item in self.storage.state.resources if item.id == identity]
        if any(
            urn.endswith(f"$databricks:index/alertV2:AlertV2::{row['alert_id']}") for urn in places
        ):
            return True
        same = [item for item in self.rules if item["databricks_alert_id"] == identity]
        return len(same) == 1 and same[0] is row

    def _check_failures(self, result: DeploymentResult) -> None:
        """A name that an alert bears which the state does not hold is the one thing that may fail.

        Nobody can tell such an alert from a stranger's.
        """
        names = {
            alert["display_name"]
            for alert in self.models.alerts.active()
            if alert["id"] not in self._held()
        }
        said = [item.message for item in result.diagnostics if item.severity == "error"]
        assert said, (result.error, self.story)
        for message in said:
            taken = any(f"'{name}.dbalert.json' already exists" in message for name in names)
            # What waits for the name is not registered: the launcher says so in other words.
            assert taken or "failed to register" in message, (message, self.story)

    def _check_alerts(self) -> None:
        active = {alert["id"]: alert for alert in self.models.alerts.active()}
        names = {alert["display_name"]: key for key, alert in active.items()}
        ids = {row["destination_id"]: row["databricks_destination_id"] for row in self.destinations}
        expected = set()
        for row in self._placed():
            identity = row["databricks_alert_id"]
            if not row["is_enabled"]:
                continue
            rule = self._read(partial(read_placed, self.settings), row)
            valid = self._result(rule).is_valid
            key = row["alert_id"]
            if not valid:
                # Held where it has an alert, else skipped.
                expected |= {identity} & active.keys()
                continue
            if key in self.blocked:
                holder = names.get(rule.display_name)
                assert holder is not None, ("blocked by nobody", key, self.story)
                assert holder != identity, ("blocked by itself", key, self.story)
                expected |= {identity} & active.keys()
                continue
            assert identity in active, ("no alert", row, self.story)
            alert = active[identity]
            assert alert["display_name"] == self._name(row), ("name", row, alert, self.story)
            paused = self.settings.paused or row["pause_status"] == "PAUSED"
            assert (alert["schedule"].get("pause_status") == "PAUSED") is paused, self.story
            assert alert["query_text"] == row["alert_query_template"], ("query", row, self.story)
            told = alert["evaluation"]["notification"].get("subscriptions", [])
            assert {item["destination_id"] for item in told} == {
                ids[item] for item in rule.notification_channels
            }, ("channels", row, self.story)
            assert identity not in expected, ("one alert, two rules", row, self.story)
            expected.add(identity)
        assert expected <= set(active), ("lost", self.story)
        # No engine deletes what the state does not hold; a disabled rule's alert is told.
        for identity in set(active) - expected:
            assert identity not in self._held(), ("left over", identity, self.story)
            owners = [row for row in self.rules if row["databricks_alert_id"] == identity]
            told = " ".join(self.warnings)
            assert not owners or identity in told, ("not told", identity, told, self.story)

    def _held(self) -> set[str]:
        return {item.id for item in self.storage.state.resources}

    def _check_identity(self, before: list[tuple[Row, str]]) -> None:
        """A row that survived keeps its alert."""
        if any(line.startswith("swap_keys") for line in self.story):
            return  # an alert stays with its key: Pulumi cannot swap two names of one state
        for row, identity in before:
            if any(row is item for item in self.rules) and row["is_enabled"]:
                assert row["databricks_alert_id"] == identity, ("moved", row, self.story)

    def _check_destinations(self) -> None:
        found = {item["id"]: item for item in self.models.destinations.all()}
        for row in self.destinations:
            item = found[row["databricks_destination_id"]]
            assert item["display_name"] == row["destination_name"]
            assert item["destination_type"] == KINDS[row["destination_type"]].api_type

    def _placed(self) -> list[Row]:
        """The rows with the overrides of the stack."""
        return in_environment(self.rules, self.settings)[0]

    def _name(self, row: Row) -> str:
        return f"{self.settings.name_prefix}[{row['severity']}] {row['alert_name']}"
