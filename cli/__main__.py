"""`python -m cli`: the `alerts` command where no script is installed, as in a Databricks job."""

from cli.app import main

main()
