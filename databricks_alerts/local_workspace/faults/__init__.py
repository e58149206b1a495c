"""Faults on demand: what goes wrong, when, and for whom."""
