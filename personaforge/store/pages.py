"""Where the pages of `forge report` lie: folder and names. Renaming and removing a persona ask for them, too."""

from __future__ import annotations

FOLDER = "reports"
"""In the project, unless another folder is asked for."""
PROJECT_PAGE = "index.html"


def page_name(persona: str) -> str:
    """Return the file name of a persona's page. No id holds `_`, so none can take the project's page's place."""
    return "index_.html" if f"{persona}.html" == PROJECT_PAGE else f"{persona}.html"
