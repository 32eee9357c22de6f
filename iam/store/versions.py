"""Versions of what is administered: whether somebody has changed it since it was looked at."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from iam.database.conditions import Condition, only_if, standing
from iam.database.database import Database
from iam.database.errors import Rejected

CONSTRAINT: Final = "unchanged"  # as the SQL function require_version names it

VERSION: Final = "select version_of(%(noun)s, %(key)s)"
REQUIRE: Final = "select require_version(%(version_noun)s, %(version_key)s, %(version)s)"


class Changed(Exception):
    """Somebody else has changed the object since; nothing was done."""


class Versions:
    """The versions of people, groups, applications, scopes and resources; other nouns have none, and None stands for it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self, noun: str, key: str) -> str | None:
        """Returns the version of the object with this key now."""
        ((version,),) = await self._database.query(VERSION, {"noun": noun, "key": key})
        return None if version is None else str(version)

    def asked(self) -> bool:
        """Whether the next change is to be made of one version alone."""
        return standing()

    @contextmanager
    def unchanged(self, noun: str, key: str, version: str | None) -> Iterator[None]:
        """Lets the first change in this block be made of this version alone, by whichever of many at once. Raises Changed."""
        told = {"version_noun": noun, "version_key": key, "version": version}
        try:
            with only_if(Condition(REQUIRE, told)):
                yield
        except Rejected as error:
            if error.constraint != CONSTRAINT:
                raise
            raise Changed from None
