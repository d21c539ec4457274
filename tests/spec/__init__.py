"""Tests of personaforge.spec."""
