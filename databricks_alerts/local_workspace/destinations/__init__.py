"""Notification destinations: /api/2.0/notification-destinations."""
