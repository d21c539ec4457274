"""What works without a key: a rule-based writer and a painter. `providers` holds thin adapters over them."""
