"""How numbers of a persona move over time, and what the records say of why."""
