"""What a protected resource says about itself (RFC 9728 §2), and where this server says it for those registered here."""

from collections.abc import Collection
from typing import Final
from urllib.parse import quote

PATH: Final = "/resources/metadata"


def address(issuer: str, uri: str) -> str:
    """Returns the URL of the metadata of a registered resource, for `resource_metadata` in a challenge (RFC 9728 §5.1)."""
    return f"{issuer}{PATH}?resource={quote(uri, safe='')}"


def document(issuer: str, uri: str, scopes: Collection[str]) -> dict[str, object]:
    """Returns the metadata of a resource that takes this issuer's tokens, in the Authorization header alone."""
    return {
        "resource": uri,
        "authorization_servers": [issuer],
        "bearer_methods_supported": ["header"],
        **({"scopes_supported": list(scopes)} if scopes else {}),
    }
