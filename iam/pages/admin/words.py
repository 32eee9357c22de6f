"""What the members of inputs and outputs are called on pages."""

from functools import lru_cache
from typing import Final

from iam.records.client_metadata import MEMBERS

# Of members that are not called as people say.
LABELS: Final = {
    **{each.name: each.form_label for each in MEMBERS if each.form_label and each.place},
    "acr": "Least proof of who they are",
    "active": "Good",
    "alg": "Algorithm",
    "at": "When",
    "auth_time": "Logged in",
    "client": "Application",
    "client_id": "Client id",
    "client_name": "Name",
    "created_at": "Made",
    "disabled_at": "Disabled",
    "due_at": "Tried again",
    "ended_at": "Delivered or given up",
    "require_pkce": "PKCE required",
    "token_endpoint_auth_method": "How it authenticates",
    "email": "E-mail address",
    "email_verified": "Address confirmed",
    "exp": "Expires",
    "expires_at": "Expires",
    "group_id": "Group",
    "iat": "Issued",
    "kid": "Key id",
    "published_at": "Published",
    "active_at": "Signs from",
    "removed_at": "Removed",
    "revoked_at": "Revoked",
    "printed": "Shown to who made it",
    "reason": "Last error",
    "scope": "Scopes",
    "search": "Begins with",
    "seen_at": "Last seen",
    "sub": "Subject",
    "superuser": "Administrator",
    "source": "From",
    "under_way": "Being sent",
    "updated_at": "Changed",
    "use": "Used to",
    "used_at": "Last used",
    "user": "Person",
    "user_id": "Person",
}
CAPITALS: Final = {
    each.lower(): each
    for each in (
        "URI",
        "URIs",
        "ID",
        "JWKS",
        "TOS",
        "HTTP",
        "PKCE",
        "ACR",
        "JWT",
        "JWTs",
        "FAPI",
        "OpenID",
        "UserInfo",
        "TLS",
    )
}


@lru_cache(maxsize=1024)
def called(name: str) -> str:
    """Returns what people call a member of an input or output."""
    if name in LABELS:
        return LABELS[name]
    first, *others = name.split("_")
    return " ".join([CAPITALS.get(first, first.capitalize()), *(CAPITALS.get(each, each) for each in others)])
