"""The rules for what OpenID Connect adds to a client's metadata (OpenID Connect Registration §2, and the logout specifications)."""

import unicodedata
from collections.abc import Iterable, Mapping
from typing import Final

import attrs

from iam.clients import assertions, encryption, key_sets, uris
from iam.clients import redirect_uris as redirection
from iam.clients.key_sets import KeySetError
from iam.outbound import destinations
from iam.records.client import PUBLIC, SECRET_JWT
from iam.records.client_metadata import AT_USERINFO, BY_SCOPES, NATIVE, PAIRWISE, PUBLIC_SUBJECT, WEB, Metadata
from iam.secrets import signing_keys

APPLICATION_TYPES: Final = (WEB, NATIVE)
SUBJECT_TYPES: Final = (PUBLIC_SUBJECT, PAIRWISE)

LINKS: Final = ("client_uri", "logo_uri", "policy_uri", "tos_uri")
TEXTS: Final = ("software_id", "software_version")
LONGEST_TEXT: Final = 255
MOST: Final = 10  # members of a list
LONGEST_AGE: Final = 2**31 - 1  # seconds

# What is said with encryption, if the client wishes; the request object is encrypted by the client, to our key.
ENCRYPTED: Final = ("id_token_encrypted_response", "userinfo_encrypted_response", "request_object_encryption")
TO_US: Final = "request_object_encryption"

Complaints = Mapping[str, str | None]


def fitting(metadata: Metadata) -> Metadata:
    """The metadata with the application type that the redirect URIs show, if they show one (OpenID Connect Registration §2).

    An app with a scheme of its own is native, and so is a public client that is only ever answered on the person's machine.
    """
    given = (*metadata.redirect_uris, *metadata.post_logout_redirect_uris)
    shown = not all(map(redirection.web, given)) or (metadata.auth_method == PUBLIC and redirection.native(given))
    return attrs.evolve(metadata, application_type=NATIVE) if shown else metadata


def complaints(metadata: Metadata, *, private: bool) -> Complaints:
    """What is wrong, by member; `private`: may servers be asked that are in a private network?"""
    return {
        **wish_complaints(metadata),
        "subject_type": choice_complaint(metadata.subject_type, SUBJECT_TYPES),
        "id_token_claims": choice_complaint(metadata.id_token_claims, (AT_USERINFO, BY_SCOPES)),
        "sector_identifier_uri": fetched_complaint(metadata.sector_identifier_uri, private=private),
        "default_max_age": age_complaint(metadata.default_max_age),
        "initiate_login_uri": metadata.initiate_login_uri and uris.https_complaint(metadata.initiate_login_uri),
        "backchannel_logout_uri": fetched_complaint(metadata.backchannel_logout_uri, private=private),
        "frontchannel_logout_uri": frontchannel_complaint(metadata),
        "request_uris": request_uris_complaint(metadata.request_uris, private=private),
        "id_token_signed_response_alg": choice_complaint(
            metadata.id_token_signed_response_alg, signing_keys.ALGORITHMS
        ),
        "userinfo_signed_response_alg": choice_complaint(
            metadata.userinfo_signed_response_alg, signing_keys.ALGORITHMS
        ),
        "request_object_signing_alg": request_object_complaint(metadata),
        **{f"{what}_alg": encryption_complaint(metadata, what) for what in ENCRYPTED},
        **{f"{what}_enc": encoding_complaint(metadata, what) for what in ENCRYPTED},
    }


def wish_complaints(metadata: Metadata) -> Complaints:
    """What is wrong with what a client only says: people read it, or it is a wish that binds nobody."""
    return {
        "application_type": choice_complaint(metadata.application_type, APPLICATION_TYPES),
        "contacts": texts_complaint(metadata.contacts),
        "default_acr_values": acr_complaint(metadata.default_acr_values),
        **{name: text_complaint(getattr(metadata, name)) for name in TEXTS},
        **{name: link_complaint(getattr(metadata, name)) for name in LINKS},
    }


def choice_complaint(value: str | None, allowed: tuple[str, ...]) -> str | None:
    """It is one of these, if it is there."""
    return None if value is None or value in allowed else f"Choose one of {', '.join(allowed)}."


def text_complaint(value: str | None) -> str | None:
    """It is a line that is not too long, if it is there."""
    if value is None or (0 < len(value) <= LONGEST_TEXT and all(map(printable, value))):
        return None
    return f"Give 1 to {LONGEST_TEXT} characters that can be printed."


def printable(character: str) -> bool:
    """Can people see it, or is it a space?"""
    return character == " " or unicodedata.category(character)[0] not in "CZ"


def acr_complaint(values: tuple[str, ...]) -> str | None:
    """They are a few; one with a blank could never be asked for (Core §3.1.2.1)."""
    if any(" " in value for value in values):
        return "Give each value by itself: none has a blank."
    return texts_complaint(values)


def texts_complaint(values: tuple[str, ...]) -> str | None:
    """They are a few lines."""
    if len(values) > MOST:
        return f"Give at most {MOST}."
    return next(filter(None, map(text_complaint, values)), None)


def age_complaint(seconds: int | None) -> str | None:
    """How long ago a person may have logged in (Core §3.1.2.1)."""
    return None if seconds is None or 0 <= seconds <= LONGEST_AGE else "Give a number of seconds, 0 or more."


def link_complaint(uri: str | None) -> str | None:
    """What people are shown as a link."""
    return None if uri is None else uris.link_complaint(uri)


def fetched_complaint(uri: str | None, *, private: bool) -> str | None:
    """What this server asks or tells something; whether the host may be reached is found when it does."""
    return None if uri is None else destinations.complaint(uri, private=private, example="path")


def request_uris_complaint(given: tuple[str, ...], *, private: bool) -> str | None:
    """Where request objects may be; a fragment is the hash of what is there (Core §6.2)."""
    if len(given) > MOST:
        return f"Give at most {MOST}."
    return next(filter(None, (fetched_complaint(uri.partition("#")[0], private=private) for uri in given)), None)


def frontchannel_complaint(metadata: Metadata) -> str | None:
    """It lives where a redirect URI does (Front-Channel Logout §2), since it is loaded by people's browsers."""
    uri = metadata.frontchannel_logout_uri
    if uri is None:
        return None
    if sentence := uris.complaint(uri):
        return sentence
    if uris.origin(uri) not in {uris.origin(each) for each in metadata.redirect_uris}:
        return "Its scheme, host and port must be those of a redirect URI."
    return None


def request_object_complaint(metadata: Metadata) -> str | None:
    """What request objects are signed with: with a secret only by clients whose secret we can read; never not at all."""
    alg = metadata.request_object_signing_alg
    by_secret = assertions.ALGORITHMS[SECRET_JWT] if metadata.auth_method == SECRET_JWT else ()
    if sentence := choice_complaint(alg, (*key_sets.ALGORITHMS, *by_secret)):
        return sentence
    if alg not in key_sets.ALGORITHMS:
        return None
    return keyless(metadata, alg, found=any(alg in key.algs for key in published_keys(metadata)))


def encryption_complaint(metadata: Metadata, what: str) -> str | None:
    """What something is encrypted with: the client needs a key for that, but where it encrypts to ours."""
    alg = getattr(metadata, f"{what}_alg")
    if sentence := choice_complaint(alg, encryption.ALGORITHMS):
        return sentence
    if alg is None or what == TO_US:
        return None
    return keyless(metadata, alg, found=any(alg in key.algs for key in encryption_keys(metadata)))


def keyless(metadata: Metadata, alg: str | None, *, found: bool) -> str | None:
    """The complaint where a client has no key for an algorithm; those at an address are looked at when they are needed."""
    if metadata.jwks_uri is not None or found:
        return None
    return f"Give public keys with one for {alg}, or their address."


def published_keys(metadata: Metadata) -> Iterable[key_sets.VerificationKey]:
    """The keys in the metadata that verify signatures; whether they are in order is another complaint."""
    try:
        return key_sets.read(metadata.jwks)
    except KeySetError:
        return ()


def encryption_keys(metadata: Metadata) -> Iterable[encryption.EncryptionKey]:
    """The keys in the metadata that one can encrypt to."""
    try:
        return encryption.read(metadata.jwks)
    except KeySetError:
        return ()


def encoding_complaint(metadata: Metadata, what: str) -> str | None:
    """How the text itself is encrypted, where anything is."""
    enc = getattr(metadata, f"{what}_enc")
    if enc is not None and getattr(metadata, f"{what}_alg") is None:
        return f"It needs {what}_alg besides."
    return choice_complaint(enc, encryption.ENCODINGS)
