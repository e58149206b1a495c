"""Who may do what with an alert."""
