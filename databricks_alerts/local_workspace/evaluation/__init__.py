"""Alerts that run: schedules, conditions, states, and what was found."""
