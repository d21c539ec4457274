"""Which texts must not become a person: every persona, and everybody shown, is an adult. Plain rules, data files."""
