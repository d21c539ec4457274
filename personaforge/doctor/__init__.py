"""`forge doctor`: what would stop a build, or surprise whoever pays for it, found without building anything.

Looks at this machine, the project, the environment and the store. Reads; writes nothing, and asks nobody: only `live`
makes connections, and only when it is called. Every check returns findings; none of them raises for what it looks at.
"""
