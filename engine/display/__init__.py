"""What people and machines see of a deployment: diffs, progress, JSON."""
