"""Draws a body, its hair and what it wears."""
