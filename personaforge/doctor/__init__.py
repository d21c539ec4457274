"""`forge doctor`: what would stop a build, or surprise its user with a cost, found without building anything.

Looks at this machine, the project, the environment and the store. It only reads: it writes nothing and makes no
connections, except `live`, and only when that is called. Every part returns findings; none raises for the state of what
it examines.
"""
