"""`forge completion`: the script that a shell evaluates."""

from __future__ import annotations

import click

from personaforge.report.terminal import echo


@click.command("completion", short_help="Print the shell's completion script.")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion_command(ctx: click.Context, shell: str) -> None:
    """Print a completion script. For bash: eval "$(forge completion bash)"."""
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    assert kind is not None
    root = ctx.find_root().command
    # click's own source() would ask the installed bash for its version first; the script doesn't need it.
    completer = kind(root, {}, "forge", "_FORGE_COMPLETE")
    echo(completer.source_template % completer.source_vars())
