"""What decides whether a person can log in."""

from datetime import datetime

from attrs import frozen


@frozen
class Access:
    """What there is about a person's logins.

    `disabled_by` is the actor, or the username of the person who did it; `apps` and `passkeys`: they are asked for one of
    them after the password. `last_login` is None if there was none that the audit log still has.
    """

    disabled_at: datetime | None
    disabled_by: str | None
    delete_at: datetime | None
    password: bool
    apps: bool
    passkeys: bool
    last_login: datetime | None
