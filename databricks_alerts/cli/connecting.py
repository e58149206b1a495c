"""How other clients reach the local workspace, for people to copy."""

from __future__ import annotations

from urllib.parse import urlsplit

from databricks_alerts.local_workspace.process import Running

_TEXT = """
Connect with
  SQL            alerts sql "SHOW TABLES"
  databricks CLI export DATABRICKS_CONFIG_FILE={config_file} DATABRICKS_CONFIG_PROFILE=local
  Python SDK     from databricks.sdk import WorkspaceClient
                 WorkspaceClient(profile="local", config_file="{config_file}")
  Python SQL     from databricks import sql
                 sql.connect(server_hostname="{host}", http_path="{path}",
                     access_token=TOKEN, _connection_uri="{url}{path}")
  DBeaver, JDBC  jdbc:databricks://{host}:{port};transportMode=http;ssl=0;AuthMech=3;
                     httpPath={path};UID=token;PWD=TOKEN
TOKEN stands in {config_file}.
{open_port}."""
# Sail 0.7 offers neither a Unix socket nor a token (pysail.spark.SparkConnectServer).
OPEN_PORT = (
    "The SQL engine itself also listens on a loopback port, without a token: whoever can run "
    "programs on this machine can use it past all grants"
)


def connecting(running: Running) -> str:
    """What to give to each client.

    databricks-sql-connector takes an http address by an option that is not public only; its public
    ones assume https.
    """
    address = urlsplit(running.url)
    return _TEXT.format(
        config_file=running.config_file,
        open_port=OPEN_PORT,
        host=address.hostname,
        port=address.port,
        url=running.url,
        path=f"/sql/1.0/warehouses/{running.warehouse_id}",
    )
