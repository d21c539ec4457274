"""Runs the checks that a persona declares: `forge test`.

`rows` says which results a check is about and what is known of each, `figures` and `timelines` turn them into a
result, `run` puts it together. What a check may say is `personaforge.spec.grammar`'s.
"""
