"""The grant types that there are, and what each asks of the clients that are registered for it (RFC 7591 §2)."""

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
    clients that are registered for them. An `optional` one is there only where the settings say so.
    """

    name: str
    label: str
    response_types: tuple[str, ...] = ()
    needs_secret: bool = False
    needs_redirect_uri: bool = False
    with_a_person: bool = True
    refreshable: bool = True
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
    ),
    GrantType(
        REFRESH_TOKEN,
        "Refresh token: The application stays connected when its token runs out",
        refreshable=False,
    ),
    GrantType(
        CLIENT_CREDENTIALS,
        "Client credentials: The application acts for itself, without a person",
        needs_secret=True,
        with_a_person=False,
        refreshable=False,
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

WITHOUT_A_PERSON: Final = frozenset(each.name for each in GRANT_TYPES if not each.with_a_person)


def offered(*, implicit: bool = False) -> tuple[GrantType, ...]:
    """The grant types that a server has, with the implicit one or without."""
    return tuple(each for each in GRANT_TYPES if implicit or not each.optional)
