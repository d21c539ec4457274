"""An open project: its settings, its store, its plans and builds."""
