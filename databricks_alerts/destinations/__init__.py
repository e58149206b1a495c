"""Who is notified: a destination's configuration, its secrets, and who stands in for it."""
