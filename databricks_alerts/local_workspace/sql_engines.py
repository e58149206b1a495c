"""Which engine stands behind the warehouse: Sail, a managed Apache Spark, or a server of others."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from databricks_alerts.local_workspace import apache_spark
from databricks_alerts.local_workspace.errors import WorkspaceProcessError

SAIL, SPARK = "sail", "spark"
NAMES = (SAIL, SPARK)


@dataclass(frozen=True)
class SqlEngine:
    """An engine by its name, with a bound of its memory; or, by its `url`, one that others run."""

    name: str = SAIL
    memory: str = apache_spark.DEFAULT_MEMORY
    url: str | None = None

    @property
    def shown(self) -> str:
        """How people are told of it."""
        return self.url or self.name

    @contextmanager
    def running(self, data_dir: Path) -> Iterator[str | None]:
        """The address of its Spark Connect server until the block ends; None for Sail.

        Sail runs in the warehouse's own process. Raises WorkspaceProcessError.
        """
        if self.url is not None or self.name == SAIL:
            yield self.url
            return
        installation = apache_spark.install()
        with apache_spark.running(installation, data_dir / "spark", self.memory) as url:
            yield url


SAIL_ENGINE = SqlEngine()


def chosen(name: str | None, memory: str | None, url: str | None) -> SqlEngine:
    """The engine of these options. Raises WorkspaceProcessError where one contradicts another."""
    if name is not None and name not in NAMES:
        raise WorkspaceProcessError(f"{name!r} is no SQL engine; give one of {', '.join(NAMES)}")
    if url is not None and (name is not None or memory is not None):
        raise WorkspaceProcessError(
            "--spark names a server that you run yourself, --sql-engine and --spark-memory one "
            "that the workspace runs: give either"
        )
    if memory is not None and name != SPARK:
        raise WorkspaceProcessError("--spark-memory is for --sql-engine spark alone: give both")
    bound = apache_spark.checked_memory(memory or apache_spark.DEFAULT_MEMORY)
    return SqlEngine(name or SAIL, bound, url)
