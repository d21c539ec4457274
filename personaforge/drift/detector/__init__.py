"""Numbers over time to a verdict: plain arithmetic, with its sources. No models, no files."""
