"""What the store raises."""


class Unavailable(Exception):
    """The database cannot answer now; the outcome of a statement under way is unknown. HTTP 503."""


class ConnectionLost(Unavailable):
    """The connection is gone."""


class Timeout(Unavailable):
    """The database took longer than it may (H44)."""


class Overloaded(Unavailable):
    """Too many callers wait already (H45)."""


class Duplicate(Exception):
    """A row with this key is there already (SQLSTATE 23505)."""
