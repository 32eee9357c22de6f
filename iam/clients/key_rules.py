"""Rules for the client metadata about keys and algorithms; the members in Metadata refer to them by name.

Each returns what is wrong with the value, in a sentence, or None.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from iam.clients import assertions, certificate_keys, certificate_subjects, fapi, key_sets
from iam.clients import encryption as encrypting
from iam.clients.key_sets import KeySetError
from iam.clients.rules import Case, choice
from iam.outbound import destinations
from iam.records.client import PRIVATE_KEY_JWT, SECRET_JWT, SELF_SIGNED, SUBJECTS, TLS
from iam.records.client_metadata import Metadata
from iam.secrets import signing_keys

Reader = Callable[[object], Sequence[key_sets.VerificationKey] | Sequence[encrypting.EncryptionKey]]
NEEDING = (PRIVATE_KEY_JWT, SELF_SIGNED)  # methods of clients that must have keys


def proof_algorithm(value: str | None, case: Case, _: str) -> str | None:
    """Checks the algorithm that the client signs its assertions with (RFC 7591, OpenID Connect Registration §2)."""
    algs = assertions.ALGORITHMS.get(case.metadata.auth_method)
    if value is not None and algs is None:
        return f"Only clients with {SECRET_JWT} or {PRIVATE_KEY_JWT} sign."
    return choice(value, fapi.fitting(case.metadata, algs or ()))


def keys(value: Mapping[str, Any] | None, case: Case, _: str) -> str | None:
    """Checks the client's public keys (RFC 7591 §2).

    They are given or at an address, never both; a client that authenticates by them must have some.
    """
    metadata = case.metadata
    method = metadata.auth_method
    if value is None:
        needed = method in NEEDING and metadata.jwks_uri is None
        return f"A client with {method} needs its public keys, or their address." if needed else None
    if metadata.jwks_uri is not None:
        return "Give the public keys or their address, not both."
    try:
        if method not in NEEDING and encrypting.read(value):
            return None
        known = key_sets.read(value)
        if method == SELF_SIGNED:
            certificate_keys.read(value)
    except KeySetError as error:
        return str(error)
    alg = metadata.token_endpoint_auth_signing_alg if method == PRIVATE_KEY_JWT else None
    return None if alg is None or any(alg in key.algs for key in known) else f"None of the keys is one for {alg}."


def keys_address(value: str | None, case: Case, _: str) -> str | None:
    """Checks the address of the client's public keys; whether its host is permitted is decided at the fetch."""
    return value and destinations.complaint(value, private=case.private)


def certificate_subject(value: str | None, case: Case, name: str) -> str | None:
    """Checks the subject of the client's certificate: exactly one, and only for tls_client_auth (RFC 8705 §2.1.2)."""
    if case.metadata.auth_method != TLS:
        return value and f"Only clients with {TLS} are known by the subject of their certificate."
    given = [each for each in SUBJECTS if getattr(case.metadata, each) is not None]
    if len(given) != 1:
        return f"Give exactly one of {', '.join(SUBJECTS)}." if name in (given or SUBJECTS[:1]) else None
    well_formed = value is None or certificate_subjects.well_formed(name, value)
    return (
        None
        if well_formed
        else "No certificate has this; write it as the certificate does, without blanks around commas."
    )


def our_algorithm(value: str | None, case: Case, _: str) -> str | None:
    """Checks an algorithm that this server signs with."""
    return choice(value, fapi.fitting(case.metadata, signing_keys.ALGORITHMS))


def request_object_algorithm(value: str | None, case: Case, _: str) -> str | None:
    """Checks the algorithm of request objects, which are never unsigned.

    Only clients with client_secret_jwt may sign them with a secret: the server can read no other client's.
    """
    metadata = case.metadata
    by_secret = assertions.ALGORITHMS[SECRET_JWT] if metadata.auth_method == SECRET_JWT else ()
    if value in by_secret:
        return None
    known = fapi.fitting(metadata, (*key_sets.ALGORITHMS, *by_secret))
    return choice(value, known) or keyless(value, metadata, key_sets.read)


def encryption(value: str | None, case: Case, _: str) -> str | None:
    """Checks an algorithm for encryption to the client, which must publish a key for it."""
    return choice(value, encrypting.ALGORITHMS) or keyless(value, case.metadata, encrypting.read)


def encryption_to_us(value: str | None, *_: object) -> str | None:
    """Checks an algorithm for encryption by the client to a key of this server."""
    return choice(value, encrypting.ALGORITHMS)


def encoding(value: str | None, case: Case, name: str) -> str | None:
    """Checks the algorithm that encrypts the content; the member for the algorithm of the key must be set too."""
    alg = name.removesuffix("_enc") + "_alg"
    if value is not None and getattr(case.metadata, alg) is None:
        return f"It needs {alg} too."
    return choice(value, encrypting.ENCODINGS)


def keyless(alg: str | None, metadata: Metadata, read: Reader) -> str | None:
    """Returns the complaint for a client that publishes no key for the algorithm, or None.

    Keys at an address are checked only when they are needed.
    """
    if alg is None or metadata.jwks_uri is not None:
        return None
    try:
        found = any(alg in key.algs for key in read(metadata.jwks))
    except KeySetError:  # reported by the rule for the keys
        found = False
    return None if found else f"Give public keys with one for {alg}, or their address."
