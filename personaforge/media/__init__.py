"""Pixels to files that people see: finishing, clip repair, WebM, and overviews of pictures."""
