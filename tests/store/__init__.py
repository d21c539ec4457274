"""Tests of personaforge.store."""
