"""Unity Catalog over REST: grants, and what exists."""
