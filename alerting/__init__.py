"""What a rule means: rows, tables, templates, validation, packs and the outcome record."""
