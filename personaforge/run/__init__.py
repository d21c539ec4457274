"""The only part that touches the world: performs what the plan says, emits events, and keeps what came of it."""
