"""`forge plan` and `forge graph` as text and as a sheet."""
