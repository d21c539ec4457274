"""Plug-ins: distributions that add providers, step kinds, metrics, analyzers and formats by entry points.

A plug-in's code runs only where three say so: it is installed, this machine allows it (`plugins:` of the machine file,
or FORGE_PLUGINS), and the project asks for it (`plugins:` in conf/project/settings.yaml). So a stranger's pull request
loads nothing. `contributions` has what an entry point may name, `loading` puts it into force.
"""
