"""The routes of each provider, for `personaforge.testing.server`: what its documents say it answers."""
