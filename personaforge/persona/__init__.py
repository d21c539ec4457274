"""What is done to a persona as a whole: renamed, removed, and what a removed one has left behind."""
