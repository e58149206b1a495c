"""A rule at past moments: how often and how long thresholds would have fired."""
