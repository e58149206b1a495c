"""What alerts did: alert_history, filled from the workspace's system table, and read."""
