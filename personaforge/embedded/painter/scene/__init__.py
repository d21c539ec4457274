"""Draws the place around a person, and its light."""
