"""Draws where somebody is, and the light there."""
