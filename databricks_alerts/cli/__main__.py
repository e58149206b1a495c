"""`python -m databricks_alerts.cli`: `alerts` where no script is installed, as in a job."""

from databricks_alerts.cli.app import main

main()
