"""Deterministic sample data for the seven gold tables, for the local workspace only."""
