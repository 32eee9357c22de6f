"""What a consent page asks: the scopes of a request, each with a box, and what is granted of those that stay selected."""

from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from typing import Final

from attrs import evolve, field, frozen

from iam.authorization.request import AuthorizationRequest
from iam.oauth.scopes import ADMINISTRATION, OFFLINE_ACCESS, OPENID
from iam.openid import claims
from iam.openid.claims import ID_TOKEN, USERINFO
from iam.records.consent import NOWHERE
from iam.records.scope import Scope

BOX: Final = "allow-"  # and the number of the box: the names of the fields, whose values are the scopes
MOST: Final = 100  # boxes, since a form has at most 128 fields; of more scopes nobody can deselect any


@frozen
class Choice:
    """One scope: the number of its box, None if it cannot be deselected, and the claims of it requested by name."""

    scope: Scope
    number: int | None
    claims: Sequence[str] = ()


@frozen
class Place:
    """The scopes that are requested for the same resources; those of no resource have no `uris`."""

    uris: Sequence[str]
    choices: Sequence[Choice]


@frozen(slots=False)
class Question:
    """The content of a consent page: the scopes that the request would be granted, with their sentences.

    `scopes` are all of them, in order; `given` are those that the person allowed this client before.
    """

    request: AuthorizationRequest
    scopes: Sequence[Scope]
    given: frozenset[str] = field(factory=frozenset)

    @property
    def fixed(self) -> frozenset[str]:
        """The scopes that nobody can deselect: openid, without which nobody is logged in, and those of trust."""
        many = len(self.scopes) > MOST
        return self.trusted | {scope.name for scope in self.scopes if many or scope.name == OPENID}

    @property
    def trusted(self) -> frozenset[str]:
        """The scopes that an administrator trusts the client with, which it gets without a question too."""
        if not self.request.client.trusted:
            return frozenset()
        return frozenset(scope.name for scope in self.scopes if unguarded(scope))

    @property
    def taken_back(self) -> bool:
        """Whether to deselect a scope takes back what was allowed before."""
        return any(scope.name in self.given - self.fixed for scope in self.scopes)

    @cached_property
    def choices(self) -> Sequence[Choice]:
        """All scopes, with their boxes."""
        fixed, named = self.fixed, self._claims_by_name()
        return [
            Choice(scope, None if scope.name in fixed else number, [name for name in scope.claims if name in named])
            for number, scope in enumerate(self.scopes)
        ]

    @property
    def places(self) -> Sequence[Place]:
        """The scopes by the resources that they are for; those of no resource first, if there are any."""
        found: dict[tuple[str, ...], list[Choice]] = {}
        for choice in self.choices:
            found.setdefault(self._uris(choice.scope.name), []).append(choice)
        for uri, names in self.request.allowed.items():
            if not names and uri != NOWHERE:
                found[(uri,)] = []
        return [Place(uris, found[uris]) for uris in sorted(found, key=bool)]

    @property
    def shown(self) -> dict[str, object]:
        """All that the person's answer depends on, for a digest that tells whether the page has changed since.

        Defaults and claims are included as resolved, and the members of the client that may change meanwhile.
        """
        client = self.request.client
        return {
            "client": [
                client.id,
                client.name,
                client.owner,
                client.auth_method,
                client.registered_itself,
                client.trusted,
            ],
            "registered": [client.scopes, client.redirect_uris],
            "links": [
                client.logo_uri,
                client.client_uri,
                client.policy_uri,
                client.tos_uri,
            ],
            "redirect_uri": self.request.redirect_uri,
            "grant_type": self.request.grant_type,
            "granted": self.request.scopes,
            "claims": self.request.claims,
            "choices": [describe(choice) for choice in self.choices],
            "places": self.request.allowed,
            "taken_back": self.taken_back,
        }

    def selected(self, names: Collection[str]) -> AuthorizationRequest | None:
        """Returns the request for the scopes of these names and those that are fixed; None if it would get nothing.

        A resource that is left without a scope is not granted; nor is any, if no scope for one is left.
        """
        kept = {scope.name for scope in self.scopes if scope.name in names} | self.fixed
        asked = self.request
        declined = [name for name in asked.consented if name not in kept]
        narrowed = evolve(narrow(asked, self.scopes, kept), declined=declined)
        return narrowed if narrowed.scopes else None

    def _uris(self, name: str) -> tuple[str, ...]:
        return tuple(uri for uri, names in self.request.allowed.items() if uri != NOWHERE and name in names)

    def _claims_by_name(self) -> set[str]:
        asked = self.request.claims
        return {*claims.list_asked(asked, ID_TOKEN), *claims.list_asked(asked, USERINFO)}


def unguarded(scope: Scope) -> bool:
    """Whether a trusted client may have the scope although nobody is asked."""
    return not (scope.restricted or scope.name == OFFLINE_ACCESS or scope.name.startswith(ADMINISTRATION))


def narrow(asked: AuthorizationRequest, known: Sequence[Scope], kept: Collection[str]) -> AuthorizationRequest:
    """Returns the request for those of its scopes that are kept; `known` are all of them."""
    allowed = retain(asked.allowed, kept)
    return evolve(
        asked,
        scopes=[name for name in asked.scopes if name in kept],
        consented=[name for name in asked.consented if name in kept],
        allowed=allowed,
        audience=[uri for uri in asked.audience if uri in allowed],
        claims=claims.narrow(asked.claims, claims.names(known, kept)),
    )


def retain(allowed: Mapping[str, Sequence[str]], kept: Collection[str]) -> dict[str, list[str]]:
    """Returns the scopes of these names by resource, without the resources that lose all of theirs."""
    left = {uri: [name for name in names if name in kept] for uri, names in allowed.items()}
    resources = {uri: names for uri, names in left.items() if uri != NOWHERE and (names or not allowed[uri])}
    return {NOWHERE: left[NOWHERE], **(resources if any(resources.values()) else {})}


def describe(choice: Choice) -> list[object]:
    """Returns a choice as a digest needs it: name, sentence and claims of its scope, and its box."""
    scope = choice.scope
    return [scope.name, scope.description, scope.claims, choice.number, choice.claims]
