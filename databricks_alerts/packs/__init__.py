"""Rule packs: rules, destinations and tests in YAML, loaded strictly, seeded into the tables."""
