"""What is done to a persona as a whole: renamed, removed, and what one that is gone has left behind."""
