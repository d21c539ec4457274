"""Step kinds: each a procedure that yields the actions it wants and returns an outcome. The planner replays a procedure
over known results, the runner performs what is missing, so a plan and its run can't disagree."""
