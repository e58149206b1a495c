"""The road to a SQL warehouse: statements, rows, and names that are always quoted."""
