"""The store: every table behind one frozen object."""

from attrs import frozen

from iam.clock import Clock
from iam.daily import Daily
from iam.database.database import Database
from iam.settings import Settings
from iam.store.access_tokens import AccessTokens
from iam.store.accesses import Accesses
from iam.store.activities import Activities
from iam.store.application_uses import ApplicationUses
from iam.store.audit import Audit
from iam.store.authorization_codes import AuthorizationCodes
from iam.store.buckets import Buckets
from iam.store.client_documents import ClientDocuments
from iam.store.clients import Clients
from iam.store.consent_uses import ConsentUses
from iam.store.consents import Consents
from iam.store.deletions import Deletions
from iam.store.details import Details
from iam.store.device_codes import DeviceCodes
from iam.store.email_changes import EmailChanges
from iam.store.exports import Exports
from iam.store.factors import FactorTable
from iam.store.grants import Grants
from iam.store.groups import Groups
from iam.store.invitations import Invitations
from iam.store.links import Links
from iam.store.logout_notices import LogoutNotices
from iam.store.names import Names
from iam.store.new_passwords import NewPasswords
from iam.store.outbox import Outbox
from iam.store.overview import Overview
from iam.store.own_passwords import OwnPasswords
from iam.store.own_sessions import OwnSessions
from iam.store.partitions import Partitions, longest
from iam.store.passkeys import Passkeys
from iam.store.pending_logins import PendingLogins
from iam.store.personal_tokens import PersonalTokens
from iam.store.posted_mails import PostedMails
from iam.store.pushed_requests import PushedRequestTable
from iam.store.recovery_codes import RecoveryCodeTable
from iam.store.refresh_tokens import RefreshTokens
from iam.store.refusals import Refusals
from iam.store.refused_counts import RefusedCounts
from iam.store.refused_logins import RefusedLogins
from iam.store.registrations import Registrations
from iam.store.remembered_browsers import RememberedBrowserTable
from iam.store.repeated_requests import RepeatedRequests
from iam.store.replays import Replays
from iam.store.resources import Resources
from iam.store.restrictions import Restrictions
from iam.store.roles import Roles
from iam.store.scopes import Scopes
from iam.store.service import Service
from iam.store.sessions import Sessions
from iam.store.setup import Setup
from iam.store.sign_ups import SignUps
from iam.store.signing_keys import SigningKeys
from iam.store.strangers import Strangers
from iam.store.totp_secrets import TOTPSecrets
from iam.store.user_infos import UserInfos
from iam.store.users import Users
from iam.store.versions import Versions


@frozen
class Store:
    """All tables, as one attribute per noun."""

    database: Database
    users: Users
    accesses: Accesses
    groups: Groups
    roles: Roles
    restrictions: Restrictions
    sessions: Sessions
    pending_logins: PendingLogins
    totp_secrets: TOTPSecrets
    details: Details
    deletions: Deletions
    email_changes: EmailChanges
    exports: Exports
    own_sessions: OwnSessions
    recovery_codes: RecoveryCodeTable
    own_passwords: OwnPasswords
    remembered_browsers: RememberedBrowserTable
    factors: FactorTable
    setup: Setup
    service: Service
    links: Links
    new_passwords: NewPasswords
    invitations: Invitations
    sign_ups: SignUps
    clients: Clients
    client_documents: ClientDocuments
    scopes: Scopes
    resources: Resources
    signing_keys: SigningKeys
    consents: Consents
    consent_uses: ConsentUses
    application_uses: ApplicationUses
    grants: Grants
    authorization_codes: AuthorizationCodes
    device_codes: DeviceCodes
    access_tokens: AccessTokens
    refresh_tokens: RefreshTokens
    personal_tokens: PersonalTokens
    refusals: Refusals
    repeated_requests: RepeatedRequests
    refused_counts: RefusedCounts
    refused_logins: RefusedLogins
    audit: Audit
    activities: Activities
    buckets: Buckets
    replays: Replays
    pushed_requests: PushedRequestTable
    registrations: Registrations
    strangers: Strangers
    user_infos: UserInfos
    logout_notices: LogoutNotices
    outbox: Outbox
    posted_mails: PostedMails
    overview: Overview
    passkeys: Passkeys
    partitions: Partitions
    versions: Versions
    names: Names


def open_store(database: Database, clock: Clock, settings: Settings) -> Store:
    """Opens the store on `database`; what it keeps in memory is dropped when other servers change it (H46)."""
    limits = settings.limits
    strangers = Strangers(database, clock, most=limits.registered_clients, days=limits.unused_client_days)
    clients = Clients(database, clock)
    store = Store(
        database=database,
        users=Users(database),
        accesses=Accesses(database),
        groups=Groups(database),
        roles=Roles(database),
        restrictions=Restrictions(database, clock),
        sessions=Sessions(database),
        pending_logins=PendingLogins(database),
        totp_secrets=TOTPSecrets(database),
        details=Details(database),
        deletions=Deletions(database),
        email_changes=EmailChanges(database),
        exports=Exports(database),
        own_sessions=OwnSessions(database),
        recovery_codes=RecoveryCodeTable(database),
        own_passwords=OwnPasswords(database),
        remembered_browsers=RememberedBrowserTable(database),
        factors=FactorTable(database),
        setup=Setup(database),
        service=Service(database),
        links=Links(database),
        new_passwords=NewPasswords(database),
        invitations=Invitations(database),
        sign_ups=SignUps(database),
        clients=clients,
        client_documents=ClientDocuments(database, clients),
        scopes=Scopes(database, clock),
        resources=Resources(database, clock),
        signing_keys=SigningKeys(database, clock),
        consents=Consents(database),
        consent_uses=ConsentUses(database, clock),
        application_uses=ApplicationUses(database),
        grants=Grants(database),
        authorization_codes=AuthorizationCodes(database),
        device_codes=DeviceCodes(database),
        access_tokens=AccessTokens(database),
        refresh_tokens=RefreshTokens(database),
        personal_tokens=PersonalTokens(database, clock),
        refusals=Refusals(database, daily(settings)),
        repeated_requests=RepeatedRequests(database),
        refused_counts=RefusedCounts(database, clock, settings.limits.refused_counts),
        refused_logins=RefusedLogins(database, clock),
        audit=Audit(database),
        activities=Activities(database),
        buckets=Buckets(database, off=settings.no_rate_limits),
        replays=Replays(database),
        pushed_requests=PushedRequestTable(database),
        registrations=Registrations(database, clients),
        strangers=strangers,
        user_infos=UserInfos(database),
        logout_notices=LogoutNotices(database),
        outbox=Outbox(database),
        posted_mails=PostedMails(database),
        overview=Overview(database),
        passkeys=Passkeys(database),
        partitions=Partitions(database, longest(settings)),
        versions=Versions(database),
        names=Names(database),
    )
    memories = {
        "clients": store.clients.forget,
        "scopes": store.scopes.forget,
        "resources": store.resources.forget,
        "signing_keys": store.signing_keys.forget,
        "logout_notices": store.logout_notices.changed,
        "outbox": store.outbox.changed,
        "buckets": store.buckets.forget,
    }

    def lost() -> None:
        for forget in memories.values():
            forget()

    def heard(changed: str) -> None:
        noun, _, name = changed.partition(" ")
        if noun == "client" and name:
            store.clients.forget(name)
        else:
            memories.get(changed, lost)()

    database.main.tend = database.spare.tend = lambda: store.partitions.tend(clock.now())
    database.listen("iam_changed", heard, lost)
    return store


def daily(settings: Settings) -> Daily | None:
    """Returns the caps on the refusals that are stored in a day; None, which stores all, without rate limits."""
    limits = settings.limits
    return None if settings.no_rate_limits else Daily(limits.refusals_per_network, limits.refusals)
