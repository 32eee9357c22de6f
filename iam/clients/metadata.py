"""Client metadata as clients send them: their types and defaults (RFC 7591 §2, OpenID Connect Registration §2)."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from attrs import field, frozen
from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from iam.oauth.grant_types import AUTHORIZATION_CODE
from iam.oauth.reasons import Reason, shown
from iam.records.client_metadata import COLUMNS, MEMBERS, Metadata
from iam.records.member import Who

INVALID_METADATA: Final = "invalid_client_metadata"
INVALID_REDIRECT_URI: Final = "invalid_redirect_uri"


SAID: Final = tuple(each for each in MEMBERS if each.who_may_set is Who.CLIENT)  # members that clients set themselves
NAMES: Final = {each.attribute: each.name for each in MEMBERS}

# Members that our answers add to the metadata; they are ignored when a client sends an answer back (RFC 7592 §2.2).
OURS: Final = (
    "client_id_issued_at",
    "client_secret_expires_at",
    "registration_access_token",
    "registration_client_uri",
    "left_out",
    "left_out_uri",
)

CONFIG: Final = ConfigDict(strict=True, extra="ignore", frozen=True)


@frozen
class MetadataError(Exception):
    """A registration is refused; code and description for the client (RFC 7591 §3.2.2)."""

    error: str
    description: str
    reason: Reason | None = field(default=None, eq=False)

    def __str__(self) -> str:
        return self.description


class Spoken(BaseModel):
    """The members that a client sends and that are stored in another form or not at all.

    They are those of RFC 7591 §2 and RFC 7592 §2.2.
    """

    model_config = CONFIG

    client_id: str | None = None
    client_secret: str | None = None
    redirect_uris: tuple[str, ...] = ()
    token_endpoint_auth_method: str = "client_secret_basic"
    grant_types: tuple[str, ...] = (AUTHORIZATION_CODE,)
    response_types: tuple[str, ...] | None = None
    client_name: str | None = None
    scope: str | None = None
    software_statement: str | None = None

    def name(self, redirect_uris: Sequence[str]) -> str:
        """Returns the name that people read: the client's, or else the host or scheme of its first redirect URI."""
        if self.client_name is not None:
            return self.client_name
        uri = redirect_uris[0] if redirect_uris else ""
        try:
            return urlsplit(uri).hostname or uri.partition(":")[0] or "Unnamed client"
        except ValueError:
            return "Unnamed client"


ClientMetadata: Final[type[Spoken]] = create_model(
    "ClientMetadata",
    __base__=Spoken,
    **{each.name: (each.type, each.default) for each in SAID if each.name not in Spoken.model_fields},  # type: ignore[call-overload]
)


@frozen
class RegistrationRequest:
    """A client's registration; `said` are the members that it sent, `unknown` those unknown to this server."""

    spoken: Spoken
    metadata: Metadata
    said: frozenset[str] = frozenset()
    unknown: tuple[str, ...] = ()


def read(document: Mapping[str, Any]) -> RegistrationRequest:
    """Reads the metadata in a document; null and empty members count as absent.

    Raises MetadataError if a member has the wrong type.
    """
    said = {name: value for name, value in document.items() if value is not None and value != ""}
    try:
        spoken = ClientMetadata.model_validate_json(json.dumps(said))
    except ValidationError as error:
        raise mistyped(error) from None
    unknown = tuple(name for name in said if name not in {*ClientMetadata.model_fields, *OURS})
    metadata = Metadata(
        name=spoken.client_name or "",
        auth_method=spoken.token_endpoint_auth_method,
        grant_types=spoken.grant_types,
        redirect_uris=spoken.redirect_uris,
        scopes=tuple((spoken.scope or "").split()),
        **{each.attribute: getattr(spoken, each.name) for each in SAID if each.attribute not in COLUMNS},
    )
    return RegistrationRequest(spoken, metadata, frozenset(said), unknown)


def mistyped(error: ValidationError) -> MetadataError:
    """Returns the error for the first member that has the wrong type."""
    first = error.errors(include_input=False, include_url=False, include_context=False)[0]
    name = str(first["loc"][0])
    return metadata_error({name: first["msg"].replace("Input should be", "It should be") + "."})


def metadata_error(complaints: Mapping[str, str]) -> MetadataError:
    """Returns the error for complaints by attribute or by member; its code is that of the first one."""
    named = {NAMES.get(name, name): sentence for name, sentence in complaints.items()}
    first = next(iter(named))
    code = INVALID_REDIRECT_URI if first == "redirect_uris" else INVALID_METADATA
    told = printable(" ".join(f"{name}: {sentence}" for name, sentence in named.items()))
    return MetadataError(code, told, Reason(first, shown(named[first]), "something else"))


def printable(text: str) -> str:
    """Returns the text as RFC 6749 §5.2 allows it in a description: ASCII without quotation marks and backslashes."""
    return "".join(
        character if " " <= character <= "~" and character not in '"\\' else "'" if character == '"' else "?"
        for character in text
    )
