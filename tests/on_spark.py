"""`make test-spark`: the SQL suite on a real Apache Spark, which is started for it and stopped.

Arguments go to pytest; tests that are named among them are run in place of the suite.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from databricks_alerts.local_workspace import apache_spark
from databricks_alerts.local_workspace.errors import WorkspaceProcessError

INTEGRATION = Path(__file__).parent / "integration"
SUITE = (
    "test_warehouse_*.py",  # the warehouse
    "test_other_engine.py",
    "test_system_tables.py",
    "test_dialect.py",  # the queries that people write
    "test_packs_on_warehouse.py",  # the packs
    "test_validated_as_evaluated.py",
    "test_first_run.py",  # what `make up` does: init, seed, up
    "test_managed_spark.py",
)


def main(arguments: list[str]) -> int:
    """pytest's exit status."""
    named = any("test_" in argument for argument in arguments)
    suite = (
        [] if named else [str(path) for glob in SUITE for path in sorted(INTEGRATION.glob(glob))]
    )
    try:
        installation = apache_spark.install(print)
        with (
            tempfile.TemporaryDirectory(prefix="spark-") as folder,
            apache_spark.running(
                installation, Path(folder) / "spark", apache_spark.DEFAULT_MEMORY
            ) as url,
        ):
            # One process: several would only wait for the one server.
            command = [sys.executable, "-m", "pytest", *arguments, *suite]
            return subprocess.call(command, env={**os.environ, "ALERTS_TEST_SPARK": url})
    except WorkspaceProcessError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
