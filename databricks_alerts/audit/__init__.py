"""Who changed which rule when, by the versions of alert_configurations; and back again."""
