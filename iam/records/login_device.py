"""The browser of a login."""

from typing import Final

from attrs import frozen


@frozen
class LoginDevice:
    """How a browser names itself, that in words, and whether the account has logged in in it before."""

    user_agent: str | None = None
    words: str = ""
    known: bool = True


UNTOLD: Final = LoginDevice()
