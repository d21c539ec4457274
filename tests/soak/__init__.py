"""Longer proofs, run by `make soak` and not by the suite: each prints its seeds and what came of it."""
