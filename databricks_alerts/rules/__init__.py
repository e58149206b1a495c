"""What analysts write: rows of both tables, templates, settings, and what is wrong with them."""
