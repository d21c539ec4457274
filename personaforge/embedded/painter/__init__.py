"""Draws a persona: bytes that are the same on every machine (docs/design/portable-drawings.md)."""
