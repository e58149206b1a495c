"""Who may do what: users, service principals and their tokens (SCIM's Me)."""
