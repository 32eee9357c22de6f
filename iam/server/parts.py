"""The parts that endpoints and pages are made of, each built once, when it is first needed.

Each property builds one object from other properties, so that there is one of each, in whatever order they are needed.
"""

from collections.abc import Mapping
from functools import cached_property, partial

from attrs import frozen
from twisted.internet.threads import deferToThreadPool

from iam.administration.administration import Administration
from iam.authorization.objects import RequestObjects
from iam.authorization.pushed_requests import PushedRequests
from iam.authorization.signed_responses import SignedResponses
from iam.browser import drafts
from iam.browser.drafts import Drafts
from iam.browser.theme import Theme
from iam.browser.visitors import Visitors
from iam.clients.assertions import ClientAssertions
from iam.clients.authentication import ClientAuthentication
from iam.clients.candidates import Candidates
from iam.clients.certificate_authorities import Authorities
from iam.clients.certificates import ClientCertificates
from iam.clients.directory import Directory
from iam.clients.dpop import DPoPProofs, proofs_of
from iam.clients.dynamic_registration import DynamicRegistration
from iam.clients.encryption_to_client import Encryption
from iam.clients.keys import ClientKeys
from iam.clients.refusals import Explanations
from iam.clients.registrants import Registrants
from iam.clients.registration import Registration
from iam.clients.secrets import ClientSecrets
from iam.clients.signatures import ClientSignatures
from iam.clients.targets import Targets
from iam.clock import Clock
from iam.openid.id_tokens import IDTokens
from iam.openid.memberships import Memberships
from iam.openid.subjects import PURPOSE as SUBJECTS
from iam.openid.subjects import Subjects
from iam.outbound.fetching import PLACES, Fetcher
from iam.people.attempts import Attempts
from iam.people.devices import Devices
from iam.people.even_time import EvenTime
from iam.people.link_requests import LinkRequests
from iam.people.links import LinkMaker, Links
from iam.people.logins import Logins
from iam.people.mail import PURPOSE as MAIL
from iam.people.mail import Mails
from iam.people.new_passwords import NewPasswords
from iam.people.passwords import Passwords
from iam.people.people import People
from iam.people.sessions import BrowserSessions
from iam.people.sign_ups import SignUps
from iam.people.steps import PURPOSE as STEPS
from iam.people.steps import Steps
from iam.protocol.document_clients import DocumentClients
from iam.protocol.server import Server
from iam.protocol.user_codes import PURPOSE as USER_CODES
from iam.protocol.user_codes import UserCodes
from iam.reactor import InThread, Reactor
from iam.records.client import offered_methods
from iam.secrets import signing_keys
from iam.secrets.master_key import ServerKey
from iam.secrets.signing_keys import Keys
from iam.server.document_parts import build_documents
from iam.settings import Settings
from iam.store.refused_counts import THROTTLED
from iam.store.store import Store
from iam.throttles.pace import Pace
from iam.throttles.tally import Tally, in_log
from iam.throttles.throttle import Throttle
from iam.throttles.turns import Crowd
from iam.throttles.write_budget import WriteBudget
from iam.tokens.access_tokens import AccessTokenFormat
from iam.tokens.introspection import Introspection
from iam.tokens.personal_scopes import PersonalScopes
from iam.tokens.response import TokenResponse


@frozen(slots=False)
class Parts:
    """The parts of one server; `keys` are its signing keys."""

    reactor: Reactor
    settings: Settings
    clock: Clock
    store: Store
    key: ServerKey
    keys: Keys

    # Parts of other parts

    @cached_property
    def share(self) -> int | None:
        """How many logins of one network may be under way at once; None: any number."""
        return None if self.settings.no_rate_limits else self.settings.limits.password_queue_share

    @cached_property
    def throttle(self) -> Throttle:
        """The limits on wrong secrets."""
        return Throttle(self.store.buckets, self.clock, self.settings.limits, Tally(self.reactor, self._note_throttled))

    def _note_throttled(self, counts: Mapping[tuple[str, str], int]) -> None:
        in_log(counts)
        for (kind, source), count in counts.items():
            self.store.refused_counts.add(kind + THROTTLED, source, count)

    @cached_property
    def budget(self) -> WriteBudget:
        """The budgets for writing."""
        return WriteBudget(self.store.buckets, self.settings.limits, self.clock)

    @cached_property
    def fetcher(self) -> Fetcher:
        """The fetcher of other people's documents: one for the whole server, so that its limits hold for all purposes (H35).

        Registrations, and clients that nobody here answers for, have places of their own, and take none from others.
        """
        strangers = Fetcher(self.reactor, self.clock, self.settings.allow_fetch, places=PLACES)
        return Fetcher(self.reactor, self.clock, self.settings.allow_fetch, places=PLACES, strangers=strangers)

    @cached_property
    def directory(self) -> Directory:
        """The directory of clients."""
        return Directory(self.store.clients, self.store.strangers.note, self.settings.profile)

    @cached_property
    def client_secrets(self) -> ClientSecrets:
        """The rules by which clients' secrets are stored and compared."""
        return ClientSecrets(lambda: self.key)

    @cached_property
    def client_keys(self) -> ClientKeys:
        """The keys that clients publish."""
        return ClientKeys(self.fetcher, self.clock)

    @cached_property
    def signatures(self) -> ClientSignatures:
        """The verifier of clients' signatures."""
        return ClientSignatures(self.client_secrets, self.client_keys, self.clock)

    @cached_property
    def authentication(self) -> ClientAuthentication:
        """The client authenticator."""
        addresses = (self.settings.issuer, self.settings.mtls_issuer)
        return self._authenticating(self.settings.issuer, *(each + "/token" for each in addresses if each))

    @cached_property
    def strict_authentication(self) -> ClientAuthentication:
        """The client authenticator whose assertions are for the issuer alone (draft-ietf-oauth-rfc7523bis)."""
        return self._authenticating(self.settings.issuer)

    def _authenticating(self, *audiences: str) -> ClientAuthentication:
        assertions = ClientAssertions(self.store.replays, self.signatures, self.clock, audiences)
        return ClientAuthentication(self.directory, assertions, self.clock, self.throttle, self.client_certificates)

    @cached_property
    def auth_methods(self) -> tuple[str, ...]:
        """How clients may authenticate; by certificates only where they can show them."""
        settings = self.settings
        return offered_methods(certificates=settings.mutual_tls, authorities=settings.client_ca is not None)

    @cached_property
    def client_certificates(self) -> ClientCertificates:
        """The judge of clients' certificates."""
        file = self.settings.client_ca
        return ClientCertificates(self.client_keys, self.clock, Authorities(file) if file else None)

    @cached_property
    def targets(self) -> Targets:
        """The resources that requests may name (RFC 8707)."""
        return Targets(self.store.resources, self.store.scopes)

    @cached_property
    def subjects(self) -> Subjects:
        """The subject identifiers, public and pairwise (OpenID Connect Core §8)."""
        return Subjects(self.key.derive(SUBJECTS))

    @cached_property
    def id_tokens(self) -> IDTokens:
        """The issuer of ID tokens."""
        store = self.store
        return IDTokens(self.keys, self.subjects, store.users, store.scopes, self.memberships, self.settings.issuer)

    @cached_property
    def memberships(self) -> Memberships:
        """The claims of groups and roles."""
        return Memberships(self.store.roles, self.store.scopes)

    @cached_property
    def form(self) -> AccessTokenFormat:
        """The formats of access tokens, opaque and JWT."""
        return AccessTokenFormat(self.keys, self.targets, self.settings.issuer)

    @cached_property
    def encryption(self) -> Encryption:
        """The encryption of ID tokens and UserInfo to clients' keys."""
        return Encryption(self.client_keys)

    @cached_property
    def response(self) -> TokenResponse:
        """The builder of successful token responses (RFC 6749 §5.1)."""
        return TokenResponse(self.form, self.id_tokens, self.encryption, self.store.consent_uses.note)

    @cached_property
    def personal_scopes(self) -> PersonalScopes:
        """What people may give tokens of their own."""
        return PersonalScopes(self.store.scopes, self.store.resources, self.store.restrictions)

    @cached_property
    def introspected(self) -> Introspection:
        """The validation of tokens, for introspection and our own resources (RFC 7662)."""
        store = self.store
        return Introspection(
            store.access_tokens,
            store.refresh_tokens,
            store.personal_tokens,
            self.personal_scopes,
            self.clock,
            self.form,
            self.targets,
            self.directory,
            self.subjects,
            self.memberships,
            self.settings.issuer,
        )

    @cached_property
    def objects(self) -> RequestObjects:
        """The reader of request objects."""
        store = self.store
        return RequestObjects(
            self.directory, self.signatures, self.keys, store.replays, self.fetcher, self.clock, self.settings.issuer
        )

    @cached_property
    def pushed_requests(self) -> PushedRequests:
        """The requests that clients push."""
        return PushedRequests(self.store.pushed_requests, self.clock)

    @cached_property
    def proofs(self) -> DPoPProofs:
        """The verifier of DPoP proofs."""
        return proofs_of(self.settings, self.store.replays, self.key, self.clock)

    @cached_property
    def server(self) -> Server:
        """The authorization server on oauthlib."""
        return Server(
            self.settings,
            self.store,
            self.directory,
            self.clock,
            self.targets,
            self.response,
            self.authentication,
            self.objects,
            self.documents,
            self.proofs,
            self.throttle,
            UserCodes(self.store.device_codes, self.key.derive(USER_CODES), self.throttle, self.clock),
            SignedResponses(self.keys, self.encryption, self.clock, self.settings.issuer),
        )

    @cached_property
    def documents(self) -> DocumentClients:
        """The clients that are documents."""
        judge = Candidates(self.rules, self.targets)
        return build_documents(self.settings, self.store, judge, self.fetcher, self.throttle, self.clock)

    @cached_property
    def explanations(self) -> Explanations:
        """The log of refusals and their reasons."""
        store = self.store
        return Explanations(store.refusals, self.directory, self.clock, self.settings.issuer, store.refused_counts)

    # Clients and people

    @cached_property
    def registrants(self) -> Registrants:
        """The rules on who may register clients, and what those clients may ask for."""
        return Registrants(self.settings)

    @cached_property
    def administration(self) -> Administration:
        """The store, rules and keys that administrative actions use."""
        return Administration(
            self.store, self.clock, self.settings, self.people, lambda: self.rules, lambda: self.keys, self.mails.seal
        )

    @cached_property
    def rules(self) -> Registration:
        """The rules for the metadata of clients."""
        return Registration(
            *(self.store.clients, self.store.scopes, self.clock, self.client_secrets, self.fetcher),
            private=bool(self.settings.allow_fetch),
            implicit=self.settings.implicit,
            private_schemes=frozenset(self.settings.private_scheme),
            auth_methods=self.auth_methods,
            profile=self.settings.profile,
        )

    @cached_property
    def dynamic_registration(self) -> DynamicRegistration:
        """The registration of clients by themselves (RFC 7591)."""
        settings = self.settings
        return DynamicRegistration(
            self.rules,
            self.registrants,
            self.targets,
            self.store.registrations,
            self.throttle,
            settings.issuer,
            settings.registration,
            None if settings.no_rate_limits else settings.registration_quota,
            settings.limits.registered_clients,
        )

    @cached_property
    def passwords(self) -> Passwords:
        """The hashing and verification of passwords, in threads."""
        settings = self.settings
        return Passwords(
            self.reactor, queue=settings.limits.password_queue, share=self.share, shortest=settings.password_length
        )

    @cached_property
    def people(self) -> People:
        """The accounts of people."""
        settings = self.settings
        return People(self.store.users, self.passwords, self.clock, f"{settings.brand.name} {settings.issuer_host}")

    @cached_property
    def devices(self) -> Devices:
        """The marks of browsers in which people have logged in."""
        return Devices(self.key.derive("devices"))

    @cached_property
    def logins(self) -> Logins:
        """The check of a login and a password, within limits."""
        attempts = Attempts(self.throttle, self.devices, self.key.derive("names nobody has"))
        users, counts = self.store.users, self.store.refused_counts
        even = EvenTime(users, self.passwords, self.clock, self.reactor, Pace(self.reactor))
        crowd = Crowd(self.share)
        return Logins(users, self.passwords, attempts, self.clock, counts, crowd, even, self.store.refused_logins)

    @cached_property
    def links(self) -> Links:
        """The links that lead to people's accounts."""
        return Links(self.store.links, LinkMaker(self.settings.issuer, self.mails.seal), self.link_requests, self.clock)

    @cached_property
    def link_requests(self) -> LinkRequests:
        """The limits on mails with a link."""
        return LinkRequests(self.throttle, self.key.derive("addresses of links"))

    @cached_property
    def new_passwords(self) -> NewPasswords:
        """The new passwords behind links."""
        return NewPasswords(self.store.new_passwords, self.links, self.people)

    @cached_property
    def sign_ups(self) -> SignUps:
        """The accounts that people make themselves."""
        return SignUps(self.store.sign_ups, self.links, self.people)

    @cached_property
    def sessions(self) -> BrowserSessions:
        """The sessions of browsers, by their cookies."""
        return BrowserSessions(self.store.sessions, self.clock, self.settings, Steps(self.key.derive(STEPS)))

    @cached_property
    def mails(self) -> Mails:
        """The encryption of links that wait in the outbox."""
        return Mails(self.key.derive(MAIL))

    @cached_property
    def theme(self) -> Theme:
        """The templates and static files."""
        return Theme(self.settings)

    @cached_property
    def visitors(self) -> Visitors:
        """The people at a browser: their sessions, forms and cookies."""
        kept = Drafts(self.key.derive(drafts.PURPOSE), self.settings)
        return Visitors(self.sessions.find, self.settings, self.theme, self.clock, kept)


def build_keys(reactor: Reactor, clock: Clock, store: Store, key: ServerKey) -> Keys:
    """Builds the server's signing keys, which use the thread pool for slow work."""
    return Keys(store.signing_keys, key.derive(signing_keys.PURPOSE), clock, in_threads(reactor))


def in_threads(reactor: Reactor) -> InThread:
    """Returns what does blocking work in the thread pool."""
    return partial(deferToThreadPool, reactor, reactor.getThreadPool())
