"""The catalog `system`: Databricks' system tables, filled when a statement reads them."""
