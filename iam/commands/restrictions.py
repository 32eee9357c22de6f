"""The options by which commands say for which groups something is."""

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any

import click

from iam.commands import output


def options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Adds `--group` and `--everybody`, of which a command needs one; its argument `groups` is empty for everybody."""

    @wraps(function)
    def call(*, groups: tuple[str, ...], everybody: bool, **named: Any) -> Any:
        if bool(groups) == everybody:
            raise click.UsageError("Name at least one --group, or --everybody.")
        return function(groups=groups, **named)

    call = click.option("--everybody", is_flag=True, help="It is for everybody again.")(call)
    return click.option("--group", "groups", metavar="G", multiple=True, help="For members of this group. Repeatable.")(
        call
    )


def say(subject: str, named: Mapping[str, object], groups: Sequence[str]) -> None:
    """Says for whom it is now."""
    whom = f"members of {', '.join(groups)} alone" if groups else "everybody"
    output.say(f"{subject} is for {whom}.", {**named, "groups": list(groups)})
