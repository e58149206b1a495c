"""What a deployment did, and its record in Delta."""
