"""The application: all endpoints and pages, each built once, when it is first needed."""

from functools import cached_property

from attrs import frozen

from iam.clients.document_policy import OFF
from iam.clients.dynamic_registration import CLOSED
from iam.endpoints.api.api import PATH as API
from iam.endpoints.api.api import Api
from iam.endpoints.api.bearers import Bearers
from iam.endpoints.api.logins import Logins
from iam.endpoints.api.me import MeEndpoint
from iam.endpoints.api.repetitions import Repetitions
from iam.endpoints.authorization import AuthorizationEndpoint
from iam.endpoints.authorization_answers import AuthorizationAnswers
from iam.endpoints.handles import Handles
from iam.endpoints.health import Health
from iam.endpoints.introspection import IntrospectionEndpoint
from iam.endpoints.jwks import Jwks
from iam.endpoints.metadata import REGISTRATION_ENDPOINT, MetadataEndpoint
from iam.endpoints.passkey_endpoints import PasskeyEndpoints
from iam.endpoints.pushed_requests import PushedRequestEndpoint
from iam.endpoints.registered_resources import RegisteredResources
from iam.endpoints.registration import RegistrationEndpoint
from iam.endpoints.resource import ResourceEndpoint
from iam.endpoints.resource_metadata import ResourceMetadata
from iam.endpoints.revocation import RevocationEndpoint
from iam.endpoints.token import TokenEndpoint
from iam.endpoints.user_info import UserInfoEndpoint
from iam.endpoints.webfinger import WebFinger
from iam.openid.front_channel import FrontChannel
from iam.openid.logout_requests import LogoutRequests
from iam.pages.account.authenticator_app import AppPages
from iam.pages.account.passkey_offer import PasskeyOffer
from iam.pages.account.passkeys import PasskeyPages
from iam.pages.account.recovery_codes import RecoveryCodePages
from iam.pages.account.security import Security
from iam.pages.applications.applications import Applications
from iam.pages.applications.owners import Owners
from iam.pages.applications.pending_secret import Issuer
from iam.pages.applications.switches import Switches
from iam.pages.errors import Errors
from iam.pages.factors.choice import FactorChoice
from iam.pages.factors.code import CodePage
from iam.pages.factors.passkey import PasskeyPage
from iam.pages.factors.proving import Proving
from iam.pages.home import Home
from iam.pages.links.invitation import InvitationPage
from iam.pages.links.reset import NewPasswordPage, ResetPage
from iam.pages.links.sign_up import NewAccountPage, SignUpPage
from iam.pages.login.beginning import Beginnings
from iam.pages.login.chooser import Chooser
from iam.pages.login.logging_out import Departures
from iam.pages.login.login import LoginPage
from iam.pages.login.logout import Logout
from iam.pages.login.passkey import PasskeyLogin
from iam.pages.setup import SetupPage
from iam.pages.static import Static
from iam.people.setup import SetupLinks
from iam.server.device_parts import DeviceParts
from iam.throttles.beat import Beat
from iam.throttles.pace import Pace
from iam.tokens.introspection_response import IntrospectionResponse
from iam.tokens.possession import Possession
from iam.tokens.revocation import Revocation
from iam.tokens.user_info import UserInformation
from iam.tokens.user_info_response import UserInfoResponse


@frozen(slots=False)
class Application(DeviceParts):
    """The endpoints and pages of one server."""

    # Endpoints that programs call

    @cached_property
    def token(self) -> TokenEndpoint:
        """The endpoint `/token` (RFC 6749 §3.2)."""
        return TokenEndpoint(self.server, self.explanations)

    @cached_property
    def pushed_request(self) -> PushedRequestEndpoint:
        """The endpoint `/par` (RFC 9126 §2)."""
        return PushedRequestEndpoint(
            self.strict_authentication, self.server, self.pushed_requests, self.budget, self.proofs
        )

    @cached_property
    def introspection(self) -> IntrospectionEndpoint:
        """The endpoint `/introspect` (RFC 7662 §2)."""
        response = IntrospectionResponse(self.keys, self.encryption, self.clock, self.settings.issuer)
        return IntrospectionEndpoint(self.authentication, self.introspected, response)

    @cached_property
    def revocation(self) -> RevocationEndpoint:
        """The endpoint `/revoke` (RFC 7009 §2)."""
        store = self.store
        revocation = Revocation(store.access_tokens, store.refresh_tokens, store.personal_tokens, self.form, self.clock)
        return RevocationEndpoint(self.authentication, revocation)

    @cached_property
    def possession(self) -> Possession:
        """The check that bound tokens come with a proof, at our own resources."""
        return Possession(self.proofs, self.directory)

    @cached_property
    def user_info(self) -> UserInfoEndpoint:
        """The endpoint `/userinfo` (OpenID Connect Core §5.3)."""
        store = self.store
        information = UserInformation(
            store.user_infos,
            self.directory,
            store.scopes,
            self.form,
            self.subjects,
            self.memberships,
            self.introspected,
            self.clock,
            self.possession,
        )
        response = UserInfoResponse(self.keys, self.encryption, self.settings.issuer)
        return UserInfoEndpoint(information, response)

    @cached_property
    def registration(self) -> RegistrationEndpoint:
        """The endpoint `/register` (RFC 7591 §3, RFC 7592 §2)."""
        return RegistrationEndpoint(self.dynamic_registration, self.explanations, self.budget)

    @cached_property
    def jwks(self) -> Jwks:
        """The key set at `/jwks` (RFC 7517 §5)."""
        return Jwks(self.keys)

    @cached_property
    def metadata(self) -> MetadataEndpoint:
        """The server's metadata (RFC 8414, OpenID Connect Discovery)."""
        settings = self.settings
        return MetadataEndpoint(
            settings.issuer,
            self.server,
            closed=(REGISTRATION_ENDPOINT,) if settings.registration == CLOSED else (),
            documents=settings.client_documents != OFF,
            auth_methods=self.auth_methods,
            certificates=settings.mutual_tls,
            mtls_issuer=settings.mtls_issuer,
            profile=settings.profile,
        )

    @cached_property
    def resource(self) -> ResourceEndpoint:
        """The protected resource at `/resource`, which describes the access token it is called with."""
        return ResourceEndpoint(self.introspected, self.possession)

    @cached_property
    def resource_metadata(self) -> ResourceMetadata:
        """The metadata of `/resource` (RFC 9728)."""
        return ResourceMetadata(
            self.settings.issuer, certificates=self.settings.mutual_tls, profile=self.settings.profile
        )

    @cached_property
    def api(self) -> Api:
        """The API of the administration below `/api/v1`."""
        repetitions = Repetitions(self.store.repeated_requests, self.clock)
        return Api(self.administration, self.bearers, self.budget, repetitions)

    @cached_property
    def bearers(self) -> Bearers:
        """Who calls the API."""
        uri = self.settings.issuer + API
        logins = Logins(self.store.grants, self.factors, self.clock, self.settings.admin_acr)
        store = self.store
        return Bearers(self.introspected, self.directory, store.roles, self.throttle, logins, self.possession, uri)

    @cached_property
    def me(self) -> MeEndpoint:
        """What the API says to somebody of themselves."""
        return MeEndpoint(self.bearers)

    @cached_property
    def api_metadata(self) -> ResourceMetadata:
        """The metadata of the API (RFC 9728)."""
        settings = self.settings
        return ResourceMetadata(settings.issuer, API, (), certificates=settings.mutual_tls, profile=settings.profile)

    @cached_property
    def registered_resources(self) -> RegisteredResources:
        """The metadata of the resources that are registered here (RFC 9728)."""
        return RegisteredResources(self.settings.issuer, self.targets)

    @cached_property
    def webfinger(self) -> WebFinger:
        """The endpoint that finds the issuer of an account (OpenID Connect Discovery §2)."""
        return WebFinger(self.settings.issuer)

    @cached_property
    def passkey_endpoints(self) -> PasskeyEndpoints:
        """The addresses of the pages of passkeys."""
        return PasskeyEndpoints(self.settings.issuer, self.passkeys.party)

    @cached_property
    def health(self) -> Health:
        """The answers of `/healthz` and `/readyz`."""
        return Health(self.store.database.unready)

    # Pages that people see

    @cached_property
    def authorization(self) -> AuthorizationEndpoint:
        """The endpoint `/authorize` (RFC 6749 §3.1)."""
        return AuthorizationEndpoint(
            self.server,
            Handles(self.pushed_requests, self.settings),
            self.judgement,
            self.consent,
            self.visitors,
            self.interactions,
            AuthorizationAnswers(self.server, self.visitors, self.theme, self.explanations),
        )

    @cached_property
    def departures(self) -> Departures:
        """The end of sessions in this browser, with the notices to clients over the front channel."""
        front_channel = FrontChannel(self.directory, self.subjects, self.settings.issuer)
        return Departures(self.sessions, self.visitors, self.theme, front_channel, self.settings)

    @cached_property
    def home(self) -> Home:
        """The home page at `/`."""
        return Home(self.visitors, self.theme)

    @cached_property
    def login(self) -> LoginPage:
        """The login page."""
        authorization = self.authorization
        return LoginPage(
            self.logins,
            self.factors,
            self.passkeys,
            self.remembered_browsers,
            self.beginnings,
            self.visitors,
            self.theme,
            self.settings,
            authorization.introduce,
            authorization.after_login,
            Pace(self.reactor),
        )

    @cached_property
    def beginnings(self) -> Beginnings:
        """The beginning of sessions."""
        store = self.store
        return Beginnings(self.sessions, store.pending_logins, self.visitors, self.logins, store.deletions.planned)

    @cached_property
    def proving(self) -> Proving:
        """The way to a session by another factor."""
        authorization = self.authorization
        pending, visitors = self.store.pending_logins, self.visitors
        marks = authorization.after_login, authorization.after_step
        sessions, factors = self.store.sessions, self.factors
        return Proving(pending, sessions, factors, self.remembered_browsers, self.beginnings, visitors, *marks)

    @cached_property
    def factor_choice(self) -> FactorChoice:
        """The address that leads to the strongest factor of a person."""
        return FactorChoice(self.proving)

    @cached_property
    def app_code(self) -> CodePage:
        """The page that asks for a code of an authenticator app."""
        return CodePage(self.authenticator_apps, self.proving, self.visitors, self.theme)

    @cached_property
    def recovery_code(self) -> CodePage:
        """The page that asks for a recovery code."""
        return CodePage(self.recovery_codes, self.proving, self.visitors, self.theme)

    @cached_property
    def passkey_login(self) -> PasskeyLogin:
        """The login by a passkey alone."""
        return PasskeyLogin(self.passkeys, self.login, self.beginnings, self.throttle)

    @cached_property
    def passkey_factor(self) -> PasskeyPage:
        """The page that asks for a passkey after the password."""
        return PasskeyPage(self.passkeys, self.proving, self.visitors, self.theme, self.throttle)

    @cached_property
    def logout(self) -> Logout:
        """The logout page (OpenID Connect RP-Initiated Logout)."""
        requests = LogoutRequests(self.keys, self.directory, self.subjects)
        return Logout(self.visitors, self.theme, requests, self.departures, self.explanations)

    @cached_property
    def accounts(self) -> Chooser:
        """The page to choose an account."""
        return Chooser(self.visitors, self.theme, self.departures, self.authorization.after_choice, self.settings)

    @cached_property
    def setup(self) -> SetupPage:
        """The page that makes the first administrator."""
        links = SetupLinks(self.store.setup, self.clock)
        return SetupPage(
            self.administration, self.sessions, self.visitors, self.theme, self.settings, links, self.throttle
        )

    @cached_property
    def security(self) -> Security:
        """The page of a person's second factors."""
        codes, browsers = self.recovery_codes, self.remembered_browsers
        return Security(self.holders, self.authenticator_apps, codes, self.passkeys, browsers)

    @cached_property
    def app_pages(self) -> AppPages:
        """The pages that add and remove an authenticator app."""
        apps, site = self.authenticator_apps, self.settings.brand.name
        return AppPages(self.holders, apps, self.recovery_code_pages, self.beginnings, site)

    @cached_property
    def recovery_code_pages(self) -> RecoveryCodePages:
        """The page that makes recovery codes."""
        return RecoveryCodePages(self.holders, self.recovery_codes)

    @cached_property
    def reset(self) -> ResetPage:
        """The page that mails a link to a new password."""
        return ResetPage(self.new_passwords, self.visitors, self.theme, Beat(self.reactor))

    @cached_property
    def new_password(self) -> NewPasswordPage:
        """The page behind that link."""
        return NewPasswordPage(self.new_passwords, self.doors)

    @cached_property
    def sign_up(self) -> SignUpPage:
        """The page that mails a link to an account."""
        return SignUpPage(self.sign_ups, self.visitors, self.theme, Beat(self.reactor), self.settings.sign_up)

    @cached_property
    def new_account(self) -> NewAccountPage:
        """The page behind that link."""
        return NewAccountPage(self.sign_ups, self.doors, self.sign_up, self.beginnings, self.authorization.after_login)

    @cached_property
    def invitation(self) -> InvitationPage:
        """The page behind an invitation."""
        return InvitationPage(self.new_passwords, self.doors)

    @cached_property
    def passkey_offer(self) -> PasskeyOffer:
        """The offer of a passkey after a login by password."""
        return PasskeyOffer(self.holders, self.passkeys)

    @cached_property
    def passkey_pages(self) -> PasskeyPages:
        """The pages at which people look after passkeys."""
        return PasskeyPages(self.holders, self.passkeys, self.recovery_code_pages)

    @cached_property
    def owners(self) -> Owners:
        """The access of owners and administrators to their applications."""
        return Owners(self.administration, self.registrants, self.holders, self.visitors, self.theme)

    @cached_property
    def applications(self) -> Applications:
        """The pages that list, register and edit applications."""
        return Applications(
            self.owners,
            self.rules,
            self.registrants,
            Issuer(self.key),
            self.visitors,
            self.theme,
            self.clock,
            self.settings.issuer,
            self.explanations,
        )

    @cached_property
    def switches(self) -> Switches:
        """The pages to disable and enable applications."""
        return Switches(self.owners, self.administration, self.visitors, self.theme)

    @cached_property
    def errors(self) -> Errors:
        """The pages that explain refusals."""
        return Errors(self.explanations, self.visitors, self.theme)

    @cached_property
    def static(self) -> Static:
        """The style sheets and pictures under `/static`."""
        return Static(self.theme)
