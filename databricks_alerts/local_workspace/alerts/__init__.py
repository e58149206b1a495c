"""SQL alerts v2: /api/2.0/alerts."""
