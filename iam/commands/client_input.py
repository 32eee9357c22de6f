"""Input of `iam client` besides its options: keys in a file, a secret on standard input."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from iam import strict_json
from iam.clients import chosen_secrets
from iam.commands import asking
from iam.people.claims import storable
from iam.records.client import keeps_secret

LONGEST_JWKS = 65_536  # bytes of a file of keys


def key_set(file: Path) -> Mapping[str, Any]:
    """Reads the JSON object in a file of public keys; the rules for clients check it. Raises ClickException."""
    try:
        octets = file.read_bytes()
        document = strict_json.parse(octets) if len(octets) <= LONGEST_JWKS else None
    except OSError as error:
        raise click.ClickException(f"--jwks: {file} cannot be read: {error.strerror}.") from None
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, Mapping) or not storable(document):
        raise click.ClickException(f'--jwks: {file} is not a key set: {{"keys": [...]}} in JSON.')
    return document


def chosen_secret(method: str) -> str:
    """Reads the secret on standard input, and warns of one that may be guessed.

    Raises UsageError for a method without secrets, and ClickException for a text that cannot be a secret.
    """
    if not keeps_secret(method):
        raise click.UsageError(f"A client with {method} has no secret: leave --client-secret-stdin out.")
    secret = asking.secret_on_input("The secret")
    if complaint := chosen_secrets.complaint(secret):
        raise click.ClickException(complaint)
    if warning := chosen_secrets.warning(secret):
        click.echo(f"Warning: {warning}", err=True)
    return secret
