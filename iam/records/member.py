"""What there is to know of one member of client metadata."""

from enum import Enum
from typing import Any, Final

from attrs import field, frozen

KEY: Final = "member"  # of an attribute's metadata


class Who(Enum):
    """Who may set a member; who comes later here, may set what those before may."""

    NOBODY = "nobody"  # the server finds it out
    CLIENT = "client"  # by /register
    OWNER = "owner"  # on the page of the application
    ADMINISTRATOR = "administrator"  # on the command line


@frozen
class Member:
    """A member of client metadata (RFC 7591 §2), by its specification's `name`, and the `attribute` of Metadata.

    `rule` is the function of iam/clients that says what is wrong with a value; "": whatever has the type will do.
    `help` explains it on the command line and, below its `form_label`, on the form of an application. `place` is where it stands on that;
    0: among the details.
    `wish`: at /register a wrong value is left out, since nothing relies on it. `empty`: it is answered even where the list is empty.
    `option` is that of `iam client`, where it is not called like the member.
    """

    rule: str
    help: str
    form_label: str | None = None
    who_may_set: Who = Who.CLIENT
    wish: bool = False
    place: int = 0
    empty: bool = False
    option: str = ""
    name: str = ""
    attribute: str = ""
    type: Any = None
    default: Any = None

    @property
    def several(self) -> bool:
        """Is it a list?"""
        return bool(self.type == tuple[str, ...])


def member(rule: str, sentence: str, label: str | None = None, *, default: Any = None, **more: Any) -> Any:
    """The attribute of a record that is a member: its rule, help and label, its default, and what else there is to be said of it."""
    return field(default=default, kw_only=True, metadata=of(rule, sentence, label, **more))


def of(rule: str, sentence: str, label: str | None = None, **more: Any) -> dict[str, Member]:
    """The metadata of such an attribute."""
    return {KEY: Member(rule, sentence, label, **more)}
