"""A project that is open: its settings, its store, its plans and builds."""
