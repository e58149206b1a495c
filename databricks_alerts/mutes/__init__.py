"""Mutes: rules that are silenced for a time, by rows of alert_mutes."""
