"""The description of one member of client metadata."""

from enum import Enum
from typing import Any, Final

from attrs import field, frozen

KEY: Final = "member"  # in an attribute's metadata


class Who(Enum):
    """Who may set a member; whoever stands later here may set what those before may."""

    NOBODY = "nobody"  # the server determines it
    CLIENT = "client"  # at /register
    OWNER = "owner"  # on the form of the application
    ADMINISTRATOR = "administrator"  # on the command line


@frozen
class Member:
    """A member of client metadata (RFC 7591 §2), by the `name` of its specification and the `attribute` of Metadata.

    `rule` is the function in iam/clients/rules.py or key_rules.py that says what is wrong with a value; "": its type is enough.
    `help` explains it on the command line and on the form of an application, where it is if it has a `form_label`; `place` is its place
    above the details there, 0: among the details.
    `wish`: at /register a wrong value is left out, for nothing relies on it. `option` is that of `iam client`, without the dashes.
    """

    rule: str
    help: str
    form_label: str | None = None
    who_may_set: Who = Who.CLIENT
    wish: bool = False
    place: int = 0
    option: str = ""
    name: str = ""
    attribute: str = ""
    type: Any = None
    default: Any = None

    @property
    def several(self) -> bool:
        """Whether the value is a list of texts."""
        return bool(self.type == tuple[str, ...])


def member(rule: str, sentence: str, label: str | None = None, *, default: Any = None, **more: Any) -> Any:
    """An attribute that is a member: its rule, help and form label, its default, and what else a Member has."""
    return field(default=default, kw_only=True, metadata=about(rule, sentence, label, **more))


def about(rule: str, sentence: str, label: str | None = None, **more: Any) -> dict[str, Member]:
    """Returns the attribute metadata that holds the member."""
    return {KEY: Member(rule, sentence, label, **more)}
