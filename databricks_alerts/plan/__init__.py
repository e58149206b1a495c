"""What to deploy: which rule is declared, held or skipped, and which alert belongs to it."""
