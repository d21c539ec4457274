"""Where the pages of `forge report` are: folder and names. Renaming and removing a persona use them, too."""

from __future__ import annotations

FOLDER = "reports"
"""Relative to the project, unless the user names another folder."""
PROJECT_PAGE = "index.html"


def page_name(persona: str) -> str:
    """Return the file name of a persona's page. No id contains `_`, so none can have the name of the project's page."""
    return "index_.html" if f"{persona}.html" == PROJECT_PAGE else f"{persona}.html"
