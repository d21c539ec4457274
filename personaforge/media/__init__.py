"""Pictures about pictures: overviews that people look at."""
