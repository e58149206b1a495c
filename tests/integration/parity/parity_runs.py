"""A play in both orders: embedded → real → embedded, and real → embedded → real."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from parity_comparison import state_of
from parity_engines import STACK, Embedded, EngineUnderTest, Real, Run
from parity_stage import Stage

from databricks_alerts.engine.options import DeploymentOptions
from databricks_alerts.local_workspace.process import Running


@dataclass(frozen=True)
class Played:
    """One order: the runs of the first, second and third engine, the states after the first two."""

    order: tuple[str, str, str]
    runs: tuple[Run, Run, Run]
    states: tuple[Any, Any]


@dataclass(frozen=True)
class Both:
    """Both orders, and what each engine shows as JSON of the change before it is made."""

    by_real: Played
    by_embedded: Played
    documents: tuple[Mapping[str, Any], Mapping[str, Any]] | None = field(default=None)


@dataclass(frozen=True)
class Runs:
    """Where plays are played, and by whom."""

    tmp_path: Path
    workspace: Running
    embedded: Embedded
    real: Real

    def play(
        self,
        before: str,
        after: str,
        operation: str,
        options: DeploymentOptions,
        outside: Callable[[Stage], Any] | None = None,
    ) -> Both:
        """Deploy `before`, then carry `operation` out on `after`, then look once more."""
        documents: list[Mapping[str, Any]] = []

        def played(first: EngineUnderTest, second: EngineUnderTest) -> Played:
            stage = Stage(self.tmp_path / first.name, self.workspace)
            if first is self.real:
                made = self.real.pulumi(stage.folder, "stack", "init", STACK)
                assert made.status == 0, made.said
            stage.write(before)
            one = first.run(stage.folder, "up", DeploymentOptions())
            assert one.status == 0, one.said
            middle = state_of(stage.folder)
            if outside is not None:
                outside(stage)
            stage.write(after)
            if second is self.real and operation == "up":
                documents.append(self.embedded.run(stage.folder, "preview", options).document)
                documents.append(self.real.preview_json(stage.folder, options))
            two = second.run(stage.folder, operation, options)
            end = state_of(stage.folder)
            three = first.run(stage.folder, "preview", DeploymentOptions())
            return Played((first.name, second.name, first.name), (one, two, three), (middle, end))

        by_real = played(self.embedded, self.real)
        by_embedded = played(self.real, self.embedded)
        return Both(by_real, by_embedded, (documents[0], documents[1]) if documents else None)
