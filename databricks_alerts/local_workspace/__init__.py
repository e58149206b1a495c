"""The local Databricks workspace: REST, SQL warehouse, alert evaluation, web page."""
