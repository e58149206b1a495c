"""A real Apache Spark behind the local workspace's SQL, set up and kept running by itself.

installation   pyspark in a virtual environment of its own and Delta's jars, in a cache folder
java, maven    what that needs from the machine: a Java, a repository of jars
server         the Spark Connect server: started, watched, started anew, stopped
keeper         a small process beside it that ends the server when the workspace is gone
"""

from databricks_alerts.local_workspace.apache_spark.command import checked_memory
from databricks_alerts.local_workspace.apache_spark.installation import Installation, install
from databricks_alerts.local_workspace.apache_spark.server import (
    DEFAULT_MEMORY,
    START_SECONDS,
    running,
)

__all__ = [
    "DEFAULT_MEMORY",
    "START_SECONDS",
    "Installation",
    "checked_memory",
    "install",
    "running",
]
