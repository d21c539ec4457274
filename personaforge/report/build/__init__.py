"""`forge build` as people see it: live, and at its end."""
