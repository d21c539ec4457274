"""Tests of the embedded text provider and of the prompt templates."""
