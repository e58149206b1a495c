"""What `alerts new` writes: a project of one's own, and packs to begin with."""
