"""The providers that need no key and no download: they say `embedded` wherever their output shows."""
