"""Writes a persona's layers by rules and tables."""
