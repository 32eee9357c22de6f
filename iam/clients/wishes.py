"""What a client wishes for at its registration and cannot have is left out, and the rest is registered (RFC 7591 §2, §3.2.1).

Only wishes are: which scopes, grants and response types, how it proves itself, what it says of itself to people, and members
that we do not know. What a client relies on is never left out but refused: types, addresses that something is sent to, keys,
signatures, encryption, and by which name it knows people. A registration is refused too where nothing of a wish is left, and
where what is left contradicts itself.
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

MOST: Final = 20  # members that we do not know, of which it is said that they were left out
LONGEST_NAME: Final = 64

WISHES: Final = tuple(each for each in MEMBERS if each.wish)
SCRIPTS: Final = ("javascript:", "vbscript:")

USUAL_METHOD: Final = BY_SECRET[0]

LeftOut = dict[str, str]


@frozen
class Wishes:
    """What there is to be had: `usual` is what a new client may have, `keeping` what this one may, with what it has already.

    `elsewhere` are scopes that it may ask for though it is not registered for them, since a resource gives them to all.
    """

    usual: Registrant
    keeping: Registrant
    scopes: Sequence[Scope]
    implicit: bool = False
    elsewhere: frozenset[str] = frozenset()

    def settle(self, asked: RegistrationRequest) -> Metadata:
        """What of it can be, and why not the rest; raises MetadataError where nothing is left, or the rest contradicts itself."""
        told, left_out = asked.spoken, unknown(asked)
        method = settle_auth_method(told, left_out)
        scopes = self._scopes(told, left_out)
        grant_types = self._grant_types(told, method, scopes, left_out)
        settle_response_types(told, grant_types, left_out)
        rest = settle_rest(asked.metadata, left_out)
        return evolve(rest, auth_method=method, grant_types=grant_types, scopes=scopes, left_out=left_out)

    def _scopes(self, told: Spoken, left_out: LeftOut) -> tuple[str, ...]:
        """The scopes that it may ask for; of a client that names none, whatever a new one may have."""
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
        """The grants that there are, that its registrant may use, and that go with the rest."""
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


def settle_auth_method(told: Spoken, left_out: LeftOut) -> str:
    """The way in which it proves itself; one that is unknown here is replaced by the usual one."""
    method = told.token_endpoint_auth_method
    if method in AUTH_METHODS:
        return method
    left_out["token_endpoint_auth_method"] = (
        f"{shown(method)}: Choose one of {', '.join(AUTH_METHODS)}; it is {USUAL_METHOD} now."
    )
    return USUAL_METHOD


def scopeless(grant_type: str, scopes: Collection[str]) -> str | None:
    """Why a client of these scopes has nothing from a grant type that there is, if it has nothing."""
    if grant_type not in WITHOUT_A_PERSON or not OF_OPENID.issuperset(scopes):
        return None
    return f"{BY_NAME[grant_type].title} need a scope that is not about people; this client has none."


def settle_response_types(told: Spoken, grant_types: tuple[str, ...], left_out: LeftOut) -> None:
    """Leave out response types that do not go with the grants; raises MetadataError where the code would be left out."""
    fitting = response_types(grant_types)
    if not told.response_types:  # some libraries send an empty list for what they do not say
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
    """The metadata without what is only said and cannot be said so."""
    found = members.complaints(Case(metadata), WISHES)
    wrong = {name: sentence for name, sentence in found.items() if not script(getattr(metadata, name))}
    left_out.update(wrong)
    return evolve(metadata, **{name: DEFAULTS[name] for name in wrong})


def script(value: object) -> bool:
    """Would a browser run it? Nobody wishes for that by mistake."""
    return isinstance(value, str) and value.strip().lower().startswith(SCRIPTS)


def unknown(asked: RegistrationRequest) -> LeftOut:
    """The members that this server does not know, or does not heed."""
    left_out = {shown(name[:LONGEST_NAME]): "This server does not know it." for name in asked.unknown[:MOST]}
    if asked.spoken.software_statement is not None:
        left_out["software_statement"] = "This server trusts nobody's software statements; what it says does not count."
    return left_out
