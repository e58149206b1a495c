"""Checkpoints: Pulumi's state format, its secrets, its backends and locks."""
