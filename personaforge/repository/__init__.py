"""A repository of personas: the files that `forge init` starts one with, and what its revisions say."""
