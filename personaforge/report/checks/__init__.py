"""`forge test` as text and as a sheet."""
