"""Databricks SQL alerts as code: rules in Delta tables, deployed by a Pulumi program."""
