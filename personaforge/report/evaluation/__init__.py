"""`forge eval` as text and as a sheet."""
