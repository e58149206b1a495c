"""Databricks SQL for an engine that knows less of it: a pass a construct (see `translation`)."""
