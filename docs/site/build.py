"""Builds the site: `python docs/site/build.py build/site`. Needs zensical, and no network.

Zensical wants its pages beside its configuration and its output below it, so the pages are copied to a folder apart.
Links and anchors are examined before, and afterwards that no page loads anything from elsewhere.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

DOCS = Path(__file__).resolve().parent.parent
LEFT_OUT = ("site",)
"""Folders of docs/ that are no part of the site."""

_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
_FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_LOADED = re.compile(
    r"""<(?:script|img|iframe|source)\b[^>]*\bsrc=["']?https?:"""
    r"""|<link\b[^>]*\brel=["']?(?:stylesheet|preconnect|preload)[^>]*https?:"""
)


def pages(folder: Path = DOCS) -> list[Path]:
    """Return the pages below a folder of documentation, sorted."""
    return sorted(path for path in folder.rglob("*.md") if path.relative_to(folder).parts[0] not in LEFT_OUT)


def anchors(text: str) -> set[str]:
    """Return the anchors of a page's headings, as GitHub and the site make them."""
    found: set[str] = set()
    for heading in re.findall(r"^#+ (.+)$", _FENCE.sub("", text), re.MULTILINE):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)|`", r"\1", heading).strip().lower()
        found.add(re.sub(r"\s", "-", re.sub(r"[^\w\s-]", "", plain)))
    return found


def broken_links(folder: Path = DOCS) -> list[str]:
    """Return every link of a page that leads to no page and no picture of the folder, as `page: link`."""
    found = []
    for page in pages(folder):
        for link in _LINK.findall(_FENCE.sub("", page.read_text(encoding="utf-8"))):
            target, _, anchor = link.partition("#")
            if target.startswith(("http:", "https:", "mailto:")):
                continue
            file = (page.parent / target).resolve() if target else page
            there = file.is_file() and file.is_relative_to(folder)  # neither the site nor a wheel has more
            if not there or (anchor and anchor not in anchors(file.read_text(encoding="utf-8"))):
                found.append(f"{page.relative_to(folder)}: {link}")
    return found


def loads_from_elsewhere(site: Path) -> list[str]:
    """Return the built pages that would load a script, a style, a font or a picture from another server."""
    built = sorted(site.rglob("*.html"))
    return [str(path.relative_to(site)) for path in built if _LOADED.search(path.read_text(encoding="utf-8"))]


def build(out: Path) -> None:
    """Build the site into a folder, in place of what is there. Raises SystemExit with a sentence where it can't."""
    wrong = broken_links()
    if wrong:
        raise SystemExit("links that lead nowhere:\n" + "\n".join(wrong))
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        shutil.copy(DOCS / "site/mkdocs.yml", work)
        shutil.copytree(DOCS, work / "pages", ignore=shutil.ignore_patterns(*LEFT_OUT))
        shutil.copytree(DOCS / "site/assets", work / "pages/assets")
        command = [str(Path(sys.executable).with_name("zensical")), "build", "--strict", "-f", "mkdocs.yml"]
        done = subprocess.run(command, cwd=work, text=True, capture_output=True)
        if done.returncode:
            raise SystemExit(f"zensical failed:\n{done.stdout}{done.stderr}")
        foreign = loads_from_elsewhere(work / "out")
        if foreign:
            raise SystemExit("pages that load from elsewhere:\n" + "\n".join(foreign))
        shutil.rmtree(out, ignore_errors=True)
        out.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(work / "out", out)
    print(f"{len(pages())} pages: {out / 'index.html'}")


if __name__ == "__main__":
    build(Path(sys.argv[1]))
