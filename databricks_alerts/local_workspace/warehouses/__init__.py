"""SQL warehouses: there is one, and it runs."""
