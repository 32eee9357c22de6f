"""The objects that answer requests, built once on one store."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from twisted.internet.threads import deferToThreadPool

from iam.authorization.consent import Consent
from iam.authorization.objects import RequestObjects
from iam.authorization.person import Authentication
from iam.browser.interactions import PURPOSE as INTERACTIONS
from iam.browser.interactions import Interactions
from iam.browser.theme import Theme
from iam.browser.visitors import Visitors
from iam.clients.assertions import ClientAssertions
from iam.clients.authentication import ClientAuthentication
from iam.clients.dynamic_registration import CLOSED, DynamicRegistration
from iam.clients.encryption_to_client import Encryption
from iam.clients.keys import ClientKeys
from iam.clients.refusals import Explanations
from iam.clients.registrants import Registrants
from iam.clients.registration import Registration
from iam.clients.secrets import ClientSecrets
from iam.clients.signatures import ClientSignatures
from iam.clients.targets import Targets
from iam.clock import Clock
from iam.database.errors import Unavailable
from iam.endpoints import resource_metadata
from iam.endpoints.authorization import AuthorizationEndpoint
from iam.endpoints.health import Health
from iam.endpoints.introspection import IntrospectionEndpoint
from iam.endpoints.jwks import Jwks
from iam.endpoints.metadata import REGISTRATION_ENDPOINT, MetadataEndpoint
from iam.endpoints.registration import RegistrationEndpoint
from iam.endpoints.resource import ResourceEndpoint
from iam.endpoints.resource_metadata import ResourceMetadata
from iam.endpoints.revocation import RevocationEndpoint
from iam.endpoints.token import TokenEndpoint
from iam.endpoints.user_info import UserInfoEndpoint
from iam.endpoints.webfinger import WebFinger
from iam.http.site import Site
from iam.limits import Limits
from iam.openid.front_channel import FrontChannel
from iam.openid.id_tokens import IDTokens
from iam.openid.logout_requests import LogoutRequests
from iam.openid.logout_tokens import LogoutTokens
from iam.openid.subjects import PURPOSE as SUBJECTS
from iam.openid.subjects import Subjects
from iam.operations.back_channel_logout import BackChannelLogout
from iam.outbound.fetching import PLACES, Fetcher
from iam.outbound.posting import Poster
from iam.pages.applications.applications import Applications
from iam.pages.applications.owners import Owners
from iam.pages.applications.pending_secret import Issuer
from iam.pages.applications.switches import Switches
from iam.pages.budget import Budget
from iam.pages.errors import Errors
from iam.pages.home import Home
from iam.pages.login.chooser import Chooser
from iam.pages.login.logging_out import Departures
from iam.pages.login.login import Login
from iam.pages.login.logout import Logout
from iam.pages.setup import SetupPage
from iam.pages.static import Static
from iam.people.attempts import Attempts
from iam.people.devices import Devices
from iam.people.logins import Logins
from iam.people.passwords import Passwords
from iam.people.people import People
from iam.people.sessions import BrowserSessions
from iam.people.setup import SetupLinks
from iam.people.steps import PURPOSE as STEPS
from iam.people.steps import Steps
from iam.protocol.server import Server
from iam.secrets import signing_keys
from iam.secrets.master_key import ServerKey
from iam.secrets.signing_keys import Keys
from iam.server.routes import Handlers, all_routes
from iam.settings import Settings
from iam.store.refused_counts import THROTTLED
from iam.store.store import Store
from iam.throttles.pace import Pace
from iam.throttles.tally import Tally, in_log
from iam.throttles.throttle import Throttle, Throttled
from iam.throttles.turns import Busy, Crowd
from iam.throttles.write_budget import WriteBudget
from iam.tokens.access_tokens import AccessTokenFormat
from iam.tokens.introspection import Introspection
from iam.tokens.response import TokenResponse
from iam.tokens.revocation import Revocation
from iam.tokens.user_info import UserInformation
from iam.tokens.user_info_response import UserInfoResponse


def build_keys(reactor: Any, clock: Clock, store: Store, key: ServerKey) -> Keys:
    """The server's keys, which work in threads where that takes long."""
    in_thread = partial(deferToThreadPool, reactor, reactor.getThreadPool())
    return Keys(store.signing_keys, key.derive(signing_keys.PURPOSE), clock, in_thread)


def build_fetcher(reactor: Any, settings: Settings, clock: Clock) -> Fetcher:
    """What asks other people's addresses: one for the whole server, so that its limits hold for all purposes together (H35).

    Those for whom nobody here answers, and registrations, have places of their own, so that they take none from others.
    """
    strangers = Fetcher(reactor, clock, settings.allow_fetch, places=PLACES)
    return Fetcher(reactor, clock, settings.allow_fetch, places=PLACES, strangers=strangers)


def build_throttle(reactor: Any, settings: Settings, clock: Clock, store: Store) -> Throttle:
    """What counts everything that is tried."""

    def told(counts: Mapping[tuple[str, str], int]) -> None:
        in_log(counts)
        for (kind, source), count in counts.items():
            store.refused_counts.add(kind + THROTTLED, source, count)

    return Throttle(store.buckets, clock, settings.limits, Tally(reactor, told))


def build_passwords(reactor: Any, settings: Settings) -> Passwords:
    """What tests passwords."""
    return Passwords(reactor, queue=settings.limits.password_queue, share=share_of(settings))


def share_of(settings: Settings) -> int | None:
    """How many logins of one network may be under way."""
    return None if settings.no_rate_limits else settings.limits.password_queue_share


def build_logins(
    settings: Settings, clock: Clock, store: Store, key: ServerKey, throttle: Throttle, passwords: Passwords
) -> Logins:
    """What logs people in."""
    attempts = Attempts(throttle, Devices(key.derive("devices")), key.derive("names nobody has"))
    return Logins(store.users, passwords, attempts, clock, store.refused_counts, Crowd(share_of(settings)))


def build_sessions(settings: Settings, clock: Clock, store: Store, key: ServerKey) -> BrowserSessions:
    """What knows people by their cookies."""
    return BrowserSessions(store.sessions, clock, settings, Steps(key.derive(STEPS)))


def build_authentication(
    settings: Settings, clock: Clock, store: Store, key: ServerKey, client_keys: ClientKeys, throttle: Throttle
) -> ClientAuthentication:
    """What clients prove themselves to."""
    signatures = ClientSignatures(ClientSecrets(lambda: key), client_keys, clock)
    audiences = (settings.issuer, settings.issuer + "/token")
    assertions = ClientAssertions(store.replays, signatures, clock, audiences)
    return ClientAuthentication(store.clients, assertions, clock, throttle)


def build_server(
    settings: Settings,
    clock: Clock,
    store: Store,
    key: ServerKey,
    signing: Keys,
    client_keys: ClientKeys,
    fetcher: Fetcher,
    throttle: Throttle,
) -> Server:
    """oauthlib's server, and what it asks."""
    targets = Targets(store.resources, store.scopes)
    id_tokens = IDTokens(signing, Subjects(key.derive(SUBJECTS)), store.users, store.scopes, settings.issuer)
    signatures = ClientSignatures(ClientSecrets(lambda: key), client_keys, clock)
    return Server(
        settings,
        store,
        clock,
        targets,
        TokenResponse(AccessTokenFormat(signing, targets, settings.issuer), id_tokens, Encryption(client_keys)),
        build_authentication(settings, clock, store, key, client_keys, throttle),
        RequestObjects(store.clients, signatures, signing, store.replays, fetcher, clock, settings.issuer),
    )


def build_registration(
    settings: Settings, clock: Clock, store: Store, key: ServerKey, fetcher: Fetcher
) -> Registration:
    """The rules for clients."""
    return Registration(
        store.clients,
        store.scopes,
        clock,
        ClientSecrets(lambda: key),
        fetcher,
        private=bool(settings.allow_fetch),
        implicit=settings.implicit,
        private_schemes=frozenset(settings.private_scheme),
    )


def build_dynamic_registration(
    settings: Settings, store: Store, registration: Registration, throttle: Throttle
) -> DynamicRegistration:
    """What clients register themselves with."""
    return DynamicRegistration(
        registration,
        Registrants(settings),
        Targets(store.resources, store.scopes),
        store.registrations,
        throttle,
        settings.issuer,
        settings.registration,
        None if settings.no_rate_limits else settings.registration_quota,
        settings.limits.registered_clients,
    )


def build_back_channel(
    reactor: Any, settings: Settings, clock: Clock, store: Store, key: ServerKey, signing: Keys
) -> BackChannelLogout:
    """What tells relying parties of the ends of sessions."""
    tokens = LogoutTokens(signing, Subjects(key.derive(SUBJECTS)), settings.issuer)
    poster = Poster(reactor, settings.allow_fetch)
    return BackChannelLogout(reactor, store.logout_notices, store.clients, tokens, poster, clock)


def build_site(
    reactor: Any,
    settings: Settings,
    clock: Clock,
    store: Store,
    key: ServerKey,
    signing: Keys,
    limits: Limits | None = None,
) -> Site:
    """What listens: the whole server but for its ports and its database."""
    theme = Theme(settings)
    visitors = Visitors(build_sessions(settings, clock, store, key).find, settings, theme, clock)
    return Site(
        reactor,
        settings,
        all_routes(build_handlers(reactor, settings, clock, store, key, signing, theme), settings.path),
        error_page=theme.error_of,
        unavailable=(Unavailable, Busy),
        throttled=(Throttled,),
        registered=store.clients.live_at,
        budget=Budget(visitors, WriteBudget(store.buckets, settings.limits, clock)).wait,
        finish=visitors.renewed,
        limits=limits or settings.limits,
    )


def build_handlers(
    reactor: Any, settings: Settings, clock: Clock, store: Store, key: ServerKey, signing: Keys, theme: Theme
) -> Handlers:
    """Everything that answers a request."""
    sessions = build_sessions(settings, clock, store, key)
    passwords = build_passwords(reactor, settings)
    people = People(store.users, passwords, clock, settings.issuer_host)
    throttle = build_throttle(reactor, settings, clock, store)
    logins = build_logins(settings, clock, store, key, throttle, passwords)
    visitors = Visitors(sessions.find, settings, theme, clock)
    fetcher = build_fetcher(reactor, settings, clock)
    client_keys = ClientKeys(fetcher, clock)
    encryption = Encryption(client_keys)
    authentication = build_authentication(settings, clock, store, key, client_keys, throttle)
    subjects = Subjects(key.derive(SUBJECTS))
    targets = Targets(store.resources, store.scopes)
    form = AccessTokenFormat(signing, targets, settings.issuer)
    server = build_server(settings, clock, store, key, signing, client_keys, fetcher, throttle)
    introspection = Introspection(
        store.access_tokens, store.refresh_tokens, clock, form, targets, store.clients, subjects, settings.issuer
    )
    refusals = Explanations(store.refusals, store.clients, clock, settings.issuer, store.refused_counts)
    registration = build_registration(settings, clock, store, key, fetcher)
    authorization = AuthorizationEndpoint(
        server,
        Authentication(subjects, clock),
        Consent(store.consents, store.scopes),
        visitors,
        Interactions(key.derive(INTERACTIONS), clock),
        theme,
        refusals,
    )
    owners = Owners(registration, Registrants(settings), visitors, theme)
    front_channel = FrontChannel(store.clients, subjects, settings.issuer)
    departures = Departures(sessions, visitors, theme, front_channel, settings)
    return Handlers(
        authorization=authorization,
        token=TokenEndpoint(server, refusals),
        introspection=IntrospectionEndpoint(authentication, introspection, refusals),
        revocation=RevocationEndpoint(
            authentication, Revocation(store.access_tokens, store.refresh_tokens, form, clock), refusals
        ),
        user_info=UserInfoEndpoint(
            UserInformation(store.user_infos, store.clients, store.scopes, form, subjects, introspection, clock),
            UserInfoResponse(signing, encryption, settings.issuer),
            refusals,
        ),
        registration=RegistrationEndpoint(
            build_dynamic_registration(settings, store, registration, throttle),
            refusals,
            WriteBudget(store.buckets, settings.limits, clock),
        ),
        jwks=Jwks(signing),
        metadata=MetadataEndpoint(
            settings.issuer, server, closed=(REGISTRATION_ENDPOINT,) if settings.registration == CLOSED else ()
        ),
        resource=ResourceEndpoint(introspection, refusals, resource_metadata.address(settings.issuer)),
        resource_metadata=ResourceMetadata(settings.issuer),
        webfinger=WebFinger(settings.issuer),
        health=Health(store.database.unready),
        home=Home(visitors, theme),
        login=Login(
            logins,
            sessions,
            visitors,
            theme,
            settings,
            authorization.introduce,
            authorization.after_login,
            Pace(reactor),
        ),
        logout=Logout(visitors, theme, LogoutRequests(signing, store.clients, subjects), departures, refusals),
        accounts=Chooser(visitors, theme, departures, authorization.after_choice, settings),
        setup=SetupPage(people, sessions, visitors, theme, settings, SetupLinks(store.setup, clock), throttle),
        applications=Applications(
            owners,
            registration,
            Registrants(settings),
            settings.limits.applications,
            Issuer(key),
            visitors,
            theme,
            clock,
            settings.issuer,
            refusals,
        ),
        switches=Switches(owners, registration, visitors, theme),
        errors=Errors(refusals, visitors, theme),
        static=Static(theme),
    )
