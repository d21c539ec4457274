"""Draws a face."""
