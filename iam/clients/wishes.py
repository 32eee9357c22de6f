"""What a client wishes for at its registration is left out if it cannot have it (RFC 7591 §2, §3.2.1).

Wishes are scopes, grant types, response types, the authentication method, what the client shows people about itself,
and members that this server does not know. What the client relies on is refused instead: types, addresses that
something is sent to, keys, signatures, encryption, and the subject type. A registration is also refused if nothing is
left of a wish, or if what is left contradicts itself.
"""

from collections.abc import Collection, Sequence
from typing import Final

from attrs import evolve, frozen

from iam.clients import members
from iam.clients.metadata import RegistrationRequest, Spoken, metadata_error
from iam.clients.registrants import Registrant
from iam.clients.registration import distinct
from iam.clients.rules import Case
from iam.oauth.grant_types import BY_NAME, CODE, WITHOUT_A_PERSON, obstacle, offered, response_types
from iam.oauth.reasons import shown
from iam.oauth.scopes import OF_OPENID
from iam.records.client import AUTH_METHODS, BY_SECRET, PUBLIC
from iam.records.client_metadata import DEFAULTS, MEMBERS, Metadata
from iam.records.scope import Scope

MOST: Final = 20  # unknown members that the answer lists as left out
LONGEST_NAME: Final = 64

WISHES: Final = tuple(each for each in MEMBERS if each.wish)
SCRIPTS: Final = ("javascript:", "vbscript:")

USUAL_METHOD: Final = BY_SECRET[0]

LeftOut = dict[str, str]


@frozen
class Wishes:
    """What can be had: `usual` is open to a new client, `keeping` also covers what this client already has.

    `elsewhere` are scopes that it may ask for without being registered for them, since a resource offers them to all.
    """

    usual: Registrant
    keeping: Registrant
    scopes: Sequence[Scope]
    implicit: bool = False
    elsewhere: frozenset[str] = frozenset()
    auth_methods: Sequence[str] = AUTH_METHODS

    def settle(self, asked: RegistrationRequest) -> Metadata:
        """Returns the metadata without what cannot be had, with the reasons in `left_out`.

        Raises MetadataError if nothing is left of a wish, or if the rest contradicts itself.
        """
        told, left_out = asked.spoken, unknown(asked)
        method = settle_auth_method(told, self.auth_methods, left_out)
        scopes = self._scopes(told, left_out)
        grant_types = self._grant_types(told, method, scopes, left_out)
        settle_response_types(told, grant_types, left_out)
        rest = settle_rest(asked.metadata, left_out)
        return evolve(rest, auth_method=method, grant_types=grant_types, scopes=scopes, left_out=left_out)

    def _scopes(self, told: Spoken, left_out: LeftOut) -> tuple[str, ...]:
        """Returns the scopes that the client gets; one that names none gets all that a new client may have."""
        usual = tuple(scope.name for scope in self.scopes if self.usual.may_have(scope))
        if told.scope is None:
            return usual
        allowed = {scope.name for scope in self.scopes if self.keeping.may_have(scope)}
        wanted = distinct(told.scope.split())
        kept = tuple(name for name in wanted if name in allowed)
        if missing := [name for name in wanted if name not in allowed and name not in self.elsewhere]:
            sentence = f"{shown(' '.join(missing))}: Choose among {', '.join(usual)}, or leave it out."
            if not kept and not self.elsewhere.intersection(wanted):
                raise metadata_error({"scope": sentence})
            left_out["scope"] = shown(sentence)
        return kept

    def _grant_types(self, told: Spoken, method: str, scopes: Collection[str], left_out: LeftOut) -> tuple[str, ...]:
        """Returns the requested grant types that are offered, open to the registrant, and fit the rest."""
        usable = [each.name for each in offered(implicit=self.implicit) if self.keeping.may_use(each.name)]
        wanted = distinct(told.grant_types)
        strange = [name for name in wanted if name not in usable]
        obstacles = {
            name: obstacle(name, wanted, public=method == PUBLIC) or scopeless(name, scopes)
            for name in wanted
            if name in usable
        }
        kept = tuple(name for name, sentence in obstacles.items() if sentence is None)
        sentences = [f"{shown(', '.join(strange))}: Choose among {', '.join(usable)}."] if strange else []
        sentences += filter(None, obstacles.values())
        if sentences and not kept:
            raise metadata_error({"grant_types": " ".join(sentences)})
        if sentences:
            left_out["grant_types"] = shown(" ".join(sentences))
        return kept


def settle_auth_method(told: Spoken, methods: Sequence[str], left_out: LeftOut) -> str:
    """Returns the authentication method; one that is not offered is replaced by client_secret_basic."""
    method = told.token_endpoint_auth_method
    if method in methods:
        return method
    left_out["token_endpoint_auth_method"] = (
        f"{shown(method)}: Choose one of {', '.join(methods)}; it is {USUAL_METHOD} now."
    )
    return USUAL_METHOD


def scopeless(grant_type: str, scopes: Collection[str]) -> str | None:
    """Returns why a client with these scopes could get nothing by the grant type, or None."""
    if grant_type not in WITHOUT_A_PERSON or not OF_OPENID.issuperset(scopes):
        return None
    return f"{BY_NAME[grant_type].title} need a scope that is not about people; this client has none."


def settle_response_types(told: Spoken, grant_types: tuple[str, ...], left_out: LeftOut) -> None:
    """Records response types that do not fit the grant types as left out.

    Raises MetadataError if `code` fits but is missing, or if no grant type is left for the response types.
    """
    fitting = response_types(grant_types)
    if not told.response_types:  # some libraries send an empty list instead of leaving it out
        return
    wanted = distinct(" ".join(sorted(words.split(" "))) for words in told.response_types)
    missing = [words for words in wanted if words not in fitting]
    sentence = (
        f"What fits the grant types is: {', '.join(fitting) or 'none without the grant type authorization_code'}."
    )
    if (CODE in fitting and CODE not in wanted) or (missing and not grant_types):
        raise metadata_error({"response_types": sentence})
    if missing:
        left_out["response_types"] = f"{shown(', '.join(missing))}: {sentence}"


def settle_rest(metadata: Metadata, left_out: LeftOut) -> Metadata:
    """Returns the metadata with invalid informative members reset to their defaults; scripts stay, to be refused."""
    found = members.complaints(Case(metadata), WISHES)
    wrong = {name: sentence for name, sentence in found.items() if not script(getattr(metadata, name))}
    left_out.update(wrong)
    return evolve(metadata, **{name: DEFAULTS[name] for name in wrong})


def script(value: object) -> bool:
    """Checks whether a browser would run the value as script, which nobody asks for by mistake."""
    return isinstance(value, str) and value.strip().lower().startswith(SCRIPTS)


def unknown(asked: RegistrationRequest) -> LeftOut:
    """Returns the members that this server does not know or does not use, each with the reason."""
    left_out = {shown(name[:LONGEST_NAME]): "This server does not know it." for name in asked.unknown[:MOST]}
    if asked.spoken.software_statement is not None:
        left_out["software_statement"] = "This server trusts no software statements and ignores what it says."
    return left_out
