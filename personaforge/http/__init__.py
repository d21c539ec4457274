"""HTTP for providers and packs: requests and what answers mean, keys and addresses, and the one bounded fetcher."""
