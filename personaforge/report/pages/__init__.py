"""The report for people who were not there: one self-contained HTML page for a persona, and one for the project.

facts      what a page says, as values; no pixels, no HTML
evidence   records and warehouse rows, looked up
gather     evidence to facts
album      artifacts to small pictures inside the page
timelines  what `forge drift` knows, as series to draw; the only place that asks it
chart      a series to SVG
pages      facts, pictures and charts to files
"""
