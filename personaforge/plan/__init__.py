"""What has to be done and why: a value computed from specs and the store. Writes nothing, reaches no network."""
