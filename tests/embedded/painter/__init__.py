"""Tests of the embedded image and video providers."""
