"""Small faults put into our code one at a time, to see whether a test notices: `make mutants`."""
