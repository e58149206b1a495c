"""Workspace files and notebooks."""
