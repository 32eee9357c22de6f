"""The settings in force, with where each comes from; of what may hold a secret, only whether there is one."""

import re
from collections.abc import Iterator
from typing import Final

from attrs import frozen

from iam import limits
from iam.administration.disk import hosts
from iam.meanings import MEANINGS
from iam.settings import Settings

Value = bool | int | str | list[str] | None

# Some mail services know who sends by a token that is user and password at once.
HIDDEN: Final = frozenset({"secret_key", "smtp_user", "smtp_password"})
NOT_SHOWN: Final = "set, and never shown"
# In addresses: who and by what password, and the query.
USER: Final = re.compile(r"(?<=://)[^/?#\s]*@")
QUERY: Final = re.compile(r"(?<=\?)\S+")


@frozen
class SettingInForce:
    """A setting; `source` is `command line`, `environment`, `file` or `default`."""

    name: str
    value: Value
    source: str
    variable: str
    meaning: str


def in_force(settings: Settings) -> list[SettingInForce]:
    """Returns all settings, each limit as one of its own."""
    return [*of_options(settings), *of_limits(settings)]


def of_options(settings: Settings) -> Iterator[SettingInForce]:
    """Yields the settings but for the limits, by name."""
    spoken = {"database": ", ".join(hosts(settings)) or None, "signup": settings.sign_up, "name": settings.brand.name}
    for name in sorted(MEANINGS.keys() - {"limit"}):
        value = shown(name, spoken.get(name, getattr(settings, name)))
        yield SettingInForce(
            name.replace("_", "-"), value, settings.source(name), f"IAM_{name.upper()}", MEANINGS[name]
        )


def of_limits(settings: Settings) -> Iterator[SettingInForce]:
    """Yields the limits."""
    given = limits.parsed(settings.limit)
    for name, one in sorted(limits.options().items()):
        source = settings.source("limit") if one.name in given else "default"
        value = getattr(settings.limits, one.name)
        yield SettingInForce(f"limit {name}", value, source, "IAM_LIMIT", one.metadata["meaning"])


def shown(name: str, value: object) -> Value:
    """Returns what is said of a setting's value."""
    if value is None or isinstance(value, bool | int):
        return value
    if name in HIDDEN:
        return NOT_SHOWN
    if isinstance(value, tuple):
        return [without_secrets(str(each)) for each in value]
    return without_secrets(str(value))


def without_secrets(text: str) -> str:
    """Returns a text without who logs in at an address that is in it, and without its query."""
    return QUERY.sub("…", USER.sub("", text))
