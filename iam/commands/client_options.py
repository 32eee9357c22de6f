"""The options of `iam client create` and `update`: one for each member of client metadata."""

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from iam.clients import assertions
from iam.clients.metadata import NAMES
from iam.commands.client_input import key_set
from iam.oauth.grant_types import offered
from iam.records.client import AUTH_METHODS
from iam.records.client_metadata import AT_USERINFO, BY_SCOPES, COLUMNS, MEMBERS, NOWHERE
from iam.records.invalid import Invalid
from iam.records.member import Member, Who

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")

DEFAULTS: Final = {each.attribute: each.default for each in MEMBERS}

# All members but the name, which `create` requires, and those that only the server sets.
OPTIONS: Final = tuple(each for each in MEMBERS if each.attribute != "name" and each.who_may_set is not Who.NOBODY)

URI: Final = ("-uri", "-uris")  # endings of options that take addresses

# Values that the command line checks by itself; the rules for clients check all others.
KINDS: Final[Mapping[str, Mapping[str, Any]]] = {
    "auth_method": {"type": click.Choice(AUTH_METHODS)},
    "token_endpoint_auth_signing_alg": {"type": click.Choice(assertions.EVERY_ALGORITHM)},
    "id_token_claims": {"type": click.Choice((AT_USERINFO, BY_SCOPES))},
    "access_token_claims": {"type": click.Choice((NOWHERE, BY_SCOPES))},
    "jwks": {"type": click.Path(path_type=Path), "metavar": "FILE"},
    "scopes": {"metavar": '"S ..."'},
}
READERS: Final[Mapping[str, Callable[[Any], Any]]] = {"jwks": key_set, "scopes": lambda text: tuple(text.split())}
MORE: Final = {"grant_types": f" One of {', '.join(each.name for each in offered())}."}


def metadata(function: F) -> F:
    """Adds the options to a command; those that are given are its argument `said`, by attribute of Metadata."""
    for each in reversed(OPTIONS):
        function = option(each)(function)
    return function


def option(member: Member) -> Any:
    """Returns the option of a member: a flag, a choice, a text, or a repeatable text."""
    name, attribute = f"--{member.option}", member.attribute
    told: dict[str, Any] = {"expose_value": False, "callback": remember}
    if member.type is bool:
        return click.option(f"{name}/--no-{member.option}", attribute, default=None, help=member.help, **told)
    if attribute in KINDS:
        return click.option(name, attribute, help=member.help, **told, **KINDS[attribute])
    kind, metavar = (int, "NUMBER") if member.type == int | None else (str, "URI" if name.endswith(URI) else "TEXT")
    sentence = member.help + MORE.get(attribute, "") + (" Repeatable." if member.several else "")
    return click.option(name, attribute, type=kind, metavar=metavar, multiple=member.several, help=sentence, **told)


def remember(context: click.Context, parameter: click.Parameter, value: Any) -> None:
    """Adds a given option to `said`; an empty text resets the member to its default."""
    said: dict[str, Any] = context.params.setdefault("said", {})
    if value is None or value == ():
        return
    name = str(parameter.name)
    empty = value in ("", ("",))
    said[name] = DEFAULTS[name] if empty else READERS.get(name, lambda same: same)(value)


def members(said: Mapping[str, Any]) -> dict[str, Any]:
    """Returns what is said by attribute as members of an application; its scopes are one text there."""
    named = {NAMES[attribute]: value for attribute, value in said.items()}
    return {**named, "scope": " ".join(named["scope"])} if "scope" in named else named


async def by_option(work: Awaitable[T]) -> T:
    """Returns the result of `work`. Raises Invalid, with each complaint after its option unless it names the subject itself."""
    try:
        return await work
    except Invalid as invalid:
        told = {name: OPTION.get(name, "") + sentence for name, sentence in invalid.complaints.items()}
        raise Invalid(told) from None


def self_explaining(member: Member) -> bool:
    """Whether complaints about this member say what they are about."""
    return member.attribute in (*COLUMNS, "jwks") or member.option != member.name.replace("_", "-")


OPTION: Final = {
    "client_id": "--client-id: ",
    **{each.name: f"--{each.option}: " for each in OPTIONS if not self_explaining(each)},
}  # before a complaint about a member
