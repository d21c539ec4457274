"""What may have moved a timeline: which inputs changed, and how well each change explains it."""
