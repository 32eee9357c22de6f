"""Moments and days as arguments, in ISO 8601."""

from datetime import UTC, date, datetime

import click


def parse(_context: click.Context, _option: click.Parameter, text: str | None) -> datetime | None:
    """Parses a moment, in UTC unless it has an offset. Raises BadParameter."""
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise click.BadParameter("A moment is written as in 2027-01-31 or 2027-01-31T12:00:00Z.") from None


def parse_day(_context: click.Context, _option: click.Parameter, text: str) -> date:
    """Parses a day, YYYY-MM-DD, in UTC. Raises BadParameter."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise click.BadParameter("A day is written as in 2027-01-31.") from None
