"""What stands in the workspace: folders, alerts, destinations, and how they drifted."""
