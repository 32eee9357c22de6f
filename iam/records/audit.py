"""Events of the audit log, and the monthly parts that it is kept in."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Final
from uuid import UUID

from attrs import frozen

# What is written down, as docs/guides/audit.md explains; other versions may have others.
KINDS: Final = (
    "audit.exported",
    "audit.pruned",
    "browser.forgotten",
    "browser.remembered",
    "client.changed",
    "client.created",
    "client.deleted",
    "client.disabled",
    "client.enabled",
    "client.registration_token_revoked",
    "client.registration_token_rotated",
    "client.restricted",
    "client.secret_rotated",
    "client_authentication.refused",
    "code.replayed",
    "consent.given",
    "consent.presumed",
    "consent.refused",
    "consent.withdrawn",
    "factor.added",
    "factor.refused",
    "factor.removed",
    "factor.throttled",
    "factors.reset",
    "grant.revoked",
    "grants.revoked",
    "group.changed",
    "group.created",
    "group.deleted",
    "group.member_added",
    "group.member_changed",
    "group.member_removed",
    "key.published",
    "key.retired",
    "link.throttled",
    "login.pending",
    "login.refused",
    "login.throttled",
    "logout.not_delivered",
    "mail.discarded",
    "mail.not_delivered",
    "mail.retried",
    "mail.tested",
    "passkey.added",
    "passkey.doubted",
    "passkey.removed",
    "passkey.renamed",
    "passkey.switched",
    "personal_token.created",
    "personal_token.revoked",
    "recovery_code.used",
    "recovery_codes.made",
    "refresh_token.reused",
    "registration_token.created",
    "registration_token.revoked",
    "resource.changed",
    "resource.created",
    "resource.deleted",
    "resource.disabled",
    "resource.enabled",
    "role.granted",
    "role.revoked",
    "scope.created",
    "scope.deleted",
    "scope.restricted",
    "secret.throttled",
    "session.begun",
    "session.ended",
    "session.renewed",
    "session.reused",
    "setup.offered",
    "token.revoked",
    "user.changed",
    "user.created",
    "user.deleted",
    "user.deletion_cancelled",
    "user.deletion_planned",
    "user.disabled",
    "user.email_change_asked",
    "user.email_change_undone",
    "user.email_changed",
    "user.email_verified",
    "user.enabled",
    "user.exported",
    "user.invitation_accepted",
    "user.invitation_withdrawn",
    "user.invited",
    "user.password_changed",
    "user.password_reset",
    "user.reset_asked",
    "user.reset_offered",
    "user.sign_up_asked",
    "user.signed_up",
    "user.unthrottled",
    "user.verification_asked",
)


@frozen
class Event:
    """An event: `actor` did something of this `kind`; `subject` is the id of the person it is about."""

    id: UUID
    at: datetime
    kind: str
    actor: str
    subject: str | None
    client: str | None
    address: str | None
    detail: Mapping[str, object]


@frozen
class Wanted:
    """Which events are wanted; None does not restrict them.

    They are `since` a moment and before `until`, about a `client`, about the person `user`, or by them if they `did` it, of a
    `kind`, by an `actor`, and from an `address` or a network, or from one that has it.
    """

    since: datetime | None = None
    until: datetime | None = None
    client: str | None = None
    user: str | None = None
    did: bool = False
    kind: str | None = None
    actor: str | None = None
    address: str | None = None


@frozen
class Month:
    """A part of the audit log that can be dropped: the events from `since` to before `until`, and its bytes on the disk."""

    name: str
    since: date
    until: date
    events: int
    bytes: int
