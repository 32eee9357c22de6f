"""The grant types that there are, and what each asks of the clients that are registered for it (RFC 7591 §2)."""

from collections.abc import Collection
from typing import Final

from attrs import frozen

AUTHORIZATION_CODE: Final = "authorization_code"
REFRESH_TOKEN: Final = "refresh_token"
CLIENT_CREDENTIALS: Final = "client_credentials"
IMPLICIT: Final = "implicit"

CODE: Final = "code"
ID_TOKENS: Final = ("id_token", "id_token token")


@frozen
class GrantType:
    """A way to get tokens; `label` describes it to people.

    `response_types` are those of the authorization endpoint that it is for. A `refreshable` one gives refresh tokens, too, to
    clients that are registered for them. A `usual` one is what the form for a new application has chosen. An `optional` one is
    there only where the settings say so.
    """

    name: str
    label: str
    response_types: tuple[str, ...] = ()
    needs_secret: bool = False
    needs_redirect_uri: bool = False
    with_a_person: bool = True
    refreshable: bool = True
    usual: bool = False
    optional: bool = False

    @property
    def title(self) -> str:
        """What it is called, without what it is for."""
        return self.label.partition(":")[0]


# A grant of each is in protocol/grants: a test keeps them in step.
GRANT_TYPES: Final = (
    GrantType(
        AUTHORIZATION_CODE,
        "Authorization code: People log in here and allow the application to act for them",
        response_types=(CODE,),
        needs_redirect_uri=True,
        usual=True,
    ),
    GrantType(
        REFRESH_TOKEN,
        "Refresh token: The application stays connected when its token runs out",
        refreshable=False,
        usual=True,
    ),
    GrantType(
        CLIENT_CREDENTIALS,
        "Client credentials: The application acts for itself, without a person",
        needs_secret=True,
        with_a_person=False,
        refreshable=False,
        usual=True,
    ),
    GrantType(
        IMPLICIT,
        "Implicit: People log in here, and tokens come by the browser",
        response_types=ID_TOKENS,
        needs_redirect_uri=True,
        refreshable=False,
        optional=True,
    ),
)

BY_NAME: Final = {each.name: each for each in GRANT_TYPES}
WITHOUT_A_PERSON: Final = frozenset(each.name for each in GRANT_TYPES if not each.with_a_person)
WITH_A_PERSON: Final = frozenset(BY_NAME) - WITHOUT_A_PERSON


def offered(*, implicit: bool = False) -> tuple[GrantType, ...]:
    """The grant types that a server has, with the implicit one or without."""
    return tuple(each for each in GRANT_TYPES if implicit or not each.optional)


def obstacle(name: str, others: Collection[str], *, public: bool) -> str | None:
    """Why a client cannot have a grant type that there is beside these others, in a sentence; None if it can."""
    if public and BY_NAME[name].needs_secret:
        return f"{BY_NAME[name].title} need a secret: leave them out, or register a confidential client."
    refreshable = [each for each in GRANT_TYPES if each.refreshable]
    if name == REFRESH_TOKEN and not any(each.name in others for each in refreshable):
        titles = " or ".join(each.title.lower() for each in refreshable)
        return f"Refresh tokens come with the {titles}: choose both, or leave them out."
    return None


def redirecting(names: Collection[str]) -> bool:
    """Does a client of these grant types need a redirect URI?"""
    return any(each.needs_redirect_uri for each in GRANT_TYPES if each.name in names)


def response_types(names: Collection[str]) -> tuple[str, ...]:
    """What a client of these grant types may ask for at the authorization endpoint (RFC 7591 §2.1)."""
    return tuple(words for each in GRANT_TYPES if each.name in names for words in each.response_types)
