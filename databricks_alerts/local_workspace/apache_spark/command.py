"""The command line and the environment of the Spark Connect server."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from databricks_alerts.local_workspace.apache_spark.installation import Installation
from databricks_alerts.local_workspace.errors import WorkspaceProcessError

LOOPBACK = "127.0.0.1"
_CLASS = "org.apache.spark.sql.connect.service.SparkConnectServer"
_LOGGING = Path(__file__).with_name("log4j2.properties")
_MEMORY = re.compile(r"(\d+)([mg])")
_LEAST_MEGABYTES = 512  # Spark itself refuses less than 471
_CATALOG = "spark.sql.catalog.spark_catalog"
# A JVM without memory goes on half dead; one that ends is started anew. The first compiler alone
# is enough for small statements: it listens after 6 s, with both after 8 s.
_JAVA_OPTIONS = (
    "-XX:+ExitOnOutOfMemoryError -XX:TieredStopAtLevel=1 "
    f"-Dlog4j2.configurationFile={_LOGGING.as_uri()}"
)


def server_command(installation: Installation, folder: Path, port: int, memory: str) -> list[str]:
    """What to run for a server on `port` that keeps its own files in `folder`."""
    settings = {
        "spark.connect.grpc.binding.address": LOOPBACK,
        "spark.connect.grpc.binding.port": str(port),
        "spark.driver.host": LOOPBACK,
        "spark.driver.bindAddress": LOOPBACK,
        "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
        _CATALOG: "org.apache.spark.sql.delta.catalog.DeltaCatalog",
        "spark.sql.catalogImplementation": "in-memory",
        # Tables lie where the workspace says; what Spark makes for itself is of no other use.
        "spark.sql.warehouse.dir": str(folder / "databases"),
        "spark.local.dir": str(folder / "temporary"),
        # One machine, small tables: the default of 200 partitions makes 200 tasks of each join.
        "spark.sql.shuffle.partitions": "2",
        "spark.databricks.delta.snapshotPartitions": "1",
        "spark.ui.enabled": "false",
    }
    return [
        str(installation.spark_home / "bin" / "spark-submit"),
        *("--class", _CLASS, "--master", "local[2]", "--driver-memory", checked_memory(memory)),
        *("--driver-java-options", _JAVA_OPTIONS),
        *("--jars", ",".join(map(str, installation.jars))),
        *(part for name, value in settings.items() for part in ("--conf", f"{name}={value}")),
        "spark-internal",
    ]


def server_environment(
    installation: Installation, environment: Mapping[str, str]
) -> dict[str, str]:
    """The environment without other Sparks' settings, of which pyspark-client's home is one."""
    kept = {
        name: value
        for name, value in environment.items()
        if not name.startswith(("SPARK_", "PYSPARK_")) and name != "PYTHONPATH"
    }
    spark = {"SPARK_HOME": str(installation.spark_home), "SPARK_LOCAL_IP": LOOPBACK}
    return kept | spark | {"JAVA_HOME": installation.java.home}


def checked_memory(memory: str) -> str:
    """The bound of memory. Raises WorkspaceProcessError for what Spark would not start with."""
    found = _MEMORY.fullmatch(memory.lower())
    if not found or int(found[1]) * (1024 if found[2] == "g" else 1) < _LEAST_MEGABYTES:
        raise WorkspaceProcessError(
            f"{memory!r} is no memory for Apache Spark; give {_LEAST_MEGABYTES}m or more, "
            "such as 2g"
        )
    return found[0]
