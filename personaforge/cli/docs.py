"""`forge docs`."""

from __future__ import annotations

import sys

import click

from personaforge.cli.options import json_option, print_json
from personaforge.report.terminal import echo, show, style


@click.command("docs", short_help="Print a page of documentation, or list all pages.")
@click.argument("topic", required=False)
@json_option
def docs_command(topic: str | None, as_json: bool) -> int:
    """Print the page about TOPIC, or list the topics. The pages come with forge: no network is asked.

    \b
    forge docs cookbook
    forge docs settings | less
    """
    from personaforge.manual import page, topics

    if topic is None:
        found = topics()
        if as_json:
            print_json({"schema": 1, "topics": [{"name": one.name, "title": one.title} for one in found]})
            return 0
        width = max(len(one.name) for one in found)
        for one in found:
            echo(f"{one.name:<{width}}  {style(one.title, dim=True)}")
        return 0
    text = page(topic)
    if as_json:
        print_json({"schema": 1, "topic": topic, "text": text})
    elif sys.stdout.isatty():
        from rich.markdown import Markdown

        show(Markdown(text), columns=100)
    else:
        echo(text, nl=False)
    return 0
