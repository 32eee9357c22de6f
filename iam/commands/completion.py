"""`iam completion`."""

import click
from click.shell_completion import get_completion_class

from iam.commands import output
from iam.commands.options import Command

SHELLS = ("bash", "zsh", "fish")


@click.command(
    cls=Command,
    name="completion",
    examples=["""source <(iam completion bash)""", "iam completion fish > ~/.config/fish/completions/iam.fish"],
)
@click.argument("shell", type=click.Choice(SHELLS))
def command(shell: str) -> None:
    """Print a script that lets this shell complete commands and options."""
    program, found = click.get_current_context().find_root().command, get_completion_class(shell)
    if found is None:
        raise click.UsageError(f"There is no completion for {shell}.")
    script = found(program, {}, "iam", "_IAM_COMPLETE").source()
    if output.json_wanted():
        output.write({"shell": shell, "script": script})
    else:
        click.echo(script)
