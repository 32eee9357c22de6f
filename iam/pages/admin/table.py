"""All nouns that have pages, in the order of the navigation, and what is their own."""

from collections.abc import Sequence
from typing import Final, cast

from iam.administration.actions import groups
from iam.administration.actions import people as accounts
from iam.administration.actions.audit import ShownEvent
from iam.pages.admin import access, causes, finding, uses
from iam.pages.admin.noun import Act, Noun, Related

REFUSALS: Final = Noun(
    "refusals",
    "Refusals",
    title="failed",
    hint=("at", "error", "endpoint", "client_id"),
    empty="Nothing was refused in the last day.",
    template="admin_refusal.html",
    more={"cause": causes.of_refusal},
)
INVITATIONS: Final = Noun(
    "invitations",
    "Invitations",
    title="username",
    hint=("kind", "made_by", "created_at", "expires_at", "mailed_to"),
    marks={"printed": "Shown to who made it"},
    also=(cast("Act", accounts.INVITE),),
    several=("withdraw",),
    empty="No link to a password is good any more. Invite somebody, or make a link on a person's page.",
)
MAIL: Final = Noun(
    "mail",
    "Mail",
    title="contents",
    hint=("state", "user_id", "recipient", "created_at", "attempts", "reason", "due_at"),
    marks={"under_way": "Being sent"},
    several=("retry", "discard"),
    empty="No mail was written in the last seven days.",
)
SETTINGS: Final = Noun(
    "settings", "Settings", hint=("value", "source", "variable", "meaning"), named={"setting": "name"}
)
SESSIONS: Final = Noun(
    "sessions",
    "Sessions",
    title="username",
    leads=("people", "user_id"),
    hint=("auth_time", "seen_at", "expires_at"),
    marks={"remembered": "Stays logged in"},
    find=finding.session,
    several=("revoke",),
    empty="Nobody is logged in.",
)
GRANTS: Final = Noun(
    "grants",
    "Grants",
    title="client_name",
    otherwise="token_name",
    hint=("user_id", "client_id", "scope", "created_at", "expires_at"),
    find=finding.grant,
    several=("revoke",),
    empty="Nobody has allowed an application anything.",
)
TOKENS: Final = Noun(
    "tokens",
    "Access tokens",
    hint=("user_id", "client_id", "scope", "resources", "created_at", "used_at", "expires_at"),
    find=finding.token,
    several=("revoke",),
    empty="There is no personal or service token.",
)
ROLES: Final = Noun(
    "roles",
    "Roles",
    title="role",
    hint=("user_id", "group_id", "client_id", "created_at"),
    named={"role": "role", "person": "user_id", "group": "group_id", "client": "client_id"},
    empty="No role is given.",
)
AUDIT: Final = Noun(
    "audit",
    "Audit log",
    title="sentence",
    hint=("at", "address"),
    folded=("kind", "actor", "user_id", "client_id", "detail"),
    words=lambda event: cast("ShownEvent", event).words,
    empty="Nothing was done yet.",
)
MEMBERS: Final = Noun(
    "groups",
    "Members",
    title="username",
    leads=("people", "id"),
    hint=("name", "since"),
    marks={"owner": "Owner"},
    named={"person": "id"},
    lists=cast("Act", groups.LIST_MEMBERS),
    acts=(cast("Act", groups.ADD), cast("Act", groups.REMOVE)),
    empty="Nobody is in this group yet: add somebody.",
)
PEOPLE: Final = Noun(
    "people",
    "People",
    title="username",
    hint=("name", "email"),
    marks={"superuser": "Administrator", "disabled": "Disabled"},
    template="admin_person.html",
    more={"obstacles": access.obstacles_of, "reach": access.reach_of, "causes_of": causes.of_person},
    several=("disable", "enable", "end_sessions", "revoke_grants", "delete"),
    related=(
        Related(SESSIONS, "user", "They are not logged in anywhere."),
        Related(GRANTS, "user", "They have allowed no application anything."),
        Related(TOKENS, "user", "They have no tokens of their own."),
        Related(INVITATIONS, "person", "They have no link to a password."),
        Related(MAIL, "person", "No mail was written to them in the last seven days."),
        Related(ROLES, "person", "They have no role of their own; groups may give them some."),
    ),
)
GROUPS: Final = Noun(
    "groups",
    "Groups",
    hint=("description", "members"),
    empty="There is no group yet: create one, and give roles to its members.",
    related=(Related(MEMBERS, "group", MEMBERS.empty), Related(ROLES, "group", "Its members get no role by it.")),
)
APPLICATIONS: Final = Noun(
    "applications",
    "Applications",
    title="client_name",
    hint=("client_id", "owner", "last_used", "created_at"),
    marks={"disabled_at": "Disabled", "registered_itself": "Registered itself", "trusted": "Trusted"},
    template="admin_application.html",
    more={"causes_of": causes.of_application, "uses": uses.of_application},
    emptied=None,
    groups={
        "": (
            *("client_name", "client_id", "owner", "redirect_uris", "post_logout_redirect_uris", "grant_types"),
            *("token_endpoint_auth_method", "scope", "trusted", "require_pkce"),
            *("disabled_at", "registered_itself", "created_at", "updated_at"),
        ),
        "What people see of it": ("client_uri", "logo_uri", "accent", "policy_uri", "tos_uri", "contacts"),
        "Who may use it, and what it gets": (
            *("acr", "id_token_claims", "access_token_claims", "subject_type", "sector_identifier_uri"),
            *(
                "introspect_any",
                "fapi_profile",
                "allow_http_redirects",
                "default_max_age",
                "default_acr_values",
                "require_auth_time",
            ),
        ),
        "Logins and logouts": (
            *("initiate_login_uri", "backchannel_logout_uri", "backchannel_logout_session_required"),
            *("frontchannel_logout_uri", "frontchannel_logout_session_required"),
        ),
        "Keys and algorithms": (
            *("jwks", "jwks_uri", "token_endpoint_auth_signing_alg"),
            *("id_token_signed_response_alg", "id_token_encrypted_response_alg", "id_token_encrypted_response_enc"),
            *("userinfo_signed_response_alg", "userinfo_encrypted_response_alg", "userinfo_encrypted_response_enc"),
            *("authorization_signed_response_alg", "authorization_encrypted_response_alg"),
            *("authorization_encrypted_response_enc", "introspection_signed_response_alg"),
            *("introspection_encrypted_response_alg", "introspection_encrypted_response_enc"),
            *("request_object_signing_alg", "request_object_encryption_alg", "request_object_encryption_enc"),
            *("require_signed_request_object", "request_uris", "require_pushed_authorization_requests"),
            *("dpop_bound_access_tokens", "tls_client_certificate_bound_access_tokens"),
            *("tls_client_auth_subject_dn", "tls_client_auth_san_dns", "tls_client_auth_san_uri"),
            *("tls_client_auth_san_ip", "tls_client_auth_san_email"),
        ),
    },
    several=("disable", "enable", "revoke_grants", "delete"),
    empty="There is no application yet: register one.",
    related=(
        Related(GRANTS, "client", "Nobody has allowed it anything."),
        Related(TOKENS, "client", "It has no tokens of its own."),
        Related(ROLES, "client", "Nobody has a role in it."),
    ),
)
SCOPES: Final = Noun("scopes", "Scopes", hint=("description", "claims"), marks={"restricted": "Restricted"})
RESOURCES: Final = Noun(
    "resources",
    "Resources",
    title="resource",
    hint=("token_format", "scopes"),
    empty="There is no resource yet: register what your applications request tokens for.",
)
KEYS: Final = Noun(
    "keys", "Keys", title="alg", hint=("use", "state", "kid", "active_at", "removed_at"), find=finding.key
)
REGISTRATION_TOKENS: Final = Noun(
    "registration-tokens",
    "Registration tokens",
    title="id",
    hint=("uses_left", "scope", "created_at", "expires_at", "revoked_at"),
    find=finding.registration_token,
    several=("revoke",),
    empty="There is none. Create one for who is to register applications by themselves.",
)

NOUNS: Final[Sequence[Noun]] = (
    PEOPLE,
    INVITATIONS,
    GROUPS,
    ROLES,
    APPLICATIONS,
    SCOPES,
    RESOURCES,
    KEYS,
    SESSIONS,
    GRANTS,
    TOKENS,
    REGISTRATION_TOKENS,
    MAIL,
    REFUSALS,
    AUDIT,
    SETTINGS,
)
