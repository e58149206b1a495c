"""What becomes a resource: the Alerting component, its destinations, alerts and access."""
