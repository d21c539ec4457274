"""`forge diff` as text and as a page."""
