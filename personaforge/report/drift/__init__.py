"""`forge drift` as text, sheet and page."""
