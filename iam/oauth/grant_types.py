"""The grant types, and what each requires of the clients registered for it (RFC 7591 §2)."""

from collections.abc import Collection
from typing import Final

from attrs import frozen

AUTHORIZATION_CODE: Final = "authorization_code"
REFRESH_TOKEN: Final = "refresh_token"
CLIENT_CREDENTIALS: Final = "client_credentials"
IMPLICIT: Final = "implicit"
DEVICE_CODE: Final = "urn:ietf:params:oauth:grant-type:device_code"

CODE: Final = "code"
NONE: Final = "none"  # the person is asked, and the client gets nothing but the answer (Multiple Response Types §4)
ID_TOKENS: Final = ("id_token", "id_token token")


@frozen
class GrantType:
    """A grant type; `label` describes it to people.

    `response_types` are those that it has at the authorization endpoint. A `refreshable` one also gives refresh tokens,
    to clients that are registered for them. A `usual` one is preselected in the form for a new application. An
    `optional` one exists only if the settings enable it.
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
        """The label without the explanation after the colon."""
        return self.label.partition(":")[0]


# Each has a grant in protocol/grants; a test checks that none is missing.
GRANT_TYPES: Final = (
    GrantType(
        AUTHORIZATION_CODE,
        "Authorization code: People log in here and allow the application to act for them",
        response_types=(CODE, NONE),
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
        DEVICE_CODE,
        "Device code: People allow it on another device, such as their telephone, by a code that they type there",
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
    """Returns the grant types that a server offers, with or without the implicit one."""
    return tuple(each for each in GRANT_TYPES if implicit or not each.optional)


def obstacle(name: str, others: Collection[str], *, public: bool) -> str | None:
    """Returns why a client with these other grant types cannot have this one, in a sentence, or None."""
    if public and BY_NAME[name].needs_secret:
        return f"{BY_NAME[name].title} need a secret: leave them out, or register a confidential client."
    refreshable = [each for each in GRANT_TYPES if each.refreshable]
    if name == REFRESH_TOKEN and not any(each.name in others for each in refreshable):
        titles = " or ".join(each.title.lower() for each in refreshable)
        return f"Refresh tokens come with the {titles}: choose both, or leave them out."
    return None


def redirecting(names: Collection[str]) -> bool:
    """Checks whether a client with these grant types needs a redirect URI."""
    return any(each.needs_redirect_uri for each in GRANT_TYPES if each.name in names)


def response_types(names: Collection[str]) -> tuple[str, ...]:
    """Returns the response types that a client with these grant types may use (RFC 7591 §2.1)."""
    return tuple(words for each in GRANT_TYPES if each.name in names for words in each.response_types)
