"""What can be seen of the server at a glance."""

from collections.abc import Iterable
from datetime import date
from importlib.metadata import version
from itertools import chain
from typing import Final

from attrs import asdict
from pydantic import Field

from iam.administration import attention, disk, keys
from iam.administration.actions.action import Action
from iam.administration.actions.keys import Key
from iam.administration.actions.models import Model
from iam.administration.actions.operator import Operator
from iam.administration.actions.readers import AUDITORS, HELPERS_AND_AUDITORS
from iam.administration.administration import Administration
from iam.administration.attention import Concern
from iam.records.numbers import Logins, Numbers, RefusedClient, Span

BOUNDED: Final = "Counted up to 1,000; 1,001 are more."
ESTIMATED: Final = "Counted up to 1,000; of more, about how many there are."


class Attention(Model):
    """Something that needs attention."""

    about: str
    sentence: str
    remedy: str = Field(description="What to do about it.")
    noun: str | None = Field(description="Where it is mended or more is told: the noun in the address of its actions.")
    key: str | None = Field(description="Which one of these it is about.")
    command: str | None = Field(description="What mends it at the command line, in part.")

    @classmethod
    def of(cls, concern: Concern) -> "Attention":
        """Returns what is said about this."""
        return cls(**asdict(concern))


class LoginNumbers(Model):
    """How many logins there were, and attempts that failed."""

    hour: int = Field(description="Logins of the last hour.")
    day: int = Field(description="Logins of the last day.")
    failed_hour: int = Field(description="Attempts that failed in the last hour; they are counted a minute later.")
    failed_day: int = Field(description="Attempts that failed in the last day.")
    complete: bool = Field(description="False: so much was done in the last day that there were more.")

    @classmethod
    def of(cls, logins: Logins) -> "LoginNumbers":
        """Returns what is said about these."""
        return cls(
            hour=logins.hour,
            day=logins.day,
            failed_hour=logins.failed_hour,
            failed_day=logins.failed_day,
            complete=logins.complete,
        )


class RefusedApplication(Model):
    """How often an application was refused in the last hour."""

    client_id: str | None = Field(description="Null: requests of no known application.")
    client_name: str | None
    refusals: int

    @classmethod
    def of(cls, client: RefusedClient) -> "RefusedApplication":
        """Returns what is said about this client."""
        return cls(client_id=client.client_id, client_name=client.name, refusals=client.count)


class Storage(Model):
    """The database, and the disk of the data directory."""

    data_dir: str
    free_bytes: int | None = Field(description="Null if there is no data directory.")
    database_bytes: int
    hosts: list[str] = Field(description="Where the database is; empty for the embedded one.")


class Partitions(Model):
    """The days that a table of short-lived rows has room for; rows are in the partition of the day of their end."""

    table: str
    first: date | None
    beyond: date | None = Field(description="The day after the last one.")
    lacking: bool = Field(description="Whether what is written tomorrow has no room.")

    @classmethod
    def of(cls, span: Span) -> "Partitions":
        """Returns what is said about this table."""
        return cls(table=span.table, first=span.first, beyond=span.beyond, lacking=span.lacking)


class Overview(Model):
    """How a server fares; what the operator's role does not see is null."""

    version: str
    address: str
    attention: list[Attention]
    logins: LoginNumbers
    people: int = Field(description=ESTIMATED)
    applications: int | None = Field(description=ESTIMATED)
    mail_waiting: int = Field(description=BOUNDED)
    mail_given_up: int = Field(description="Mail of the last day that could not be delivered. " + BOUNDED)
    refused: list[RefusedApplication] = Field(
        description="The applications with the most refusals of the last hour, among the latest 1,000."
    )
    keys: list[Key] | None = Field(description="The keys that are trusted.")
    storage: Storage | None
    partitions: list[Partitions] | None


class NoTerms(Model):
    """Nothing has to be said."""


async def show(on: Administration, _: NoTerms, operator: Operator) -> Overview:
    """Returns the overview; who helps people alone sees what is about them."""
    now, store = on.clock.now(), on.store
    numbers, everything = await store.overview.numbers(now), operator.has_one_of(AUDITORS)
    shown = Overview(
        version=version("iam"),
        address=on.settings.issuer,
        attention=told(attention.of_mail(numbers)),
        logins=LoginNumbers.of(await store.overview.logins(now)),
        people=numbers.people,
        applications=numbers.applications if everything else None,
        mail_waiting=numbers.waiting,
        mail_given_up=numbers.given_up,
        refused=list(map(RefusedApplication.of, await store.overview.refused(now))),
        keys=None,
        storage=None,
        partitions=None,
    )
    return await completed(on, shown, numbers) if everything else shown


async def completed(on: Administration, shown: Overview, numbers: Numbers) -> Overview:
    """Returns the overview with what is about the server itself."""
    store, now, settings = on.store, on.clock.now(), on.settings
    states, spans, room = await keys.list_states(on), await store.partitions.spans(now), await disk.measure(on)
    concerns = chain(
        attention.of_settings(settings),
        attention.of_storage(room, spans, settings),
        attention.of_keys([key for key, _ in states], now),
        attention.of_scopes(await store.scopes.by_name()),
        attention.of_tokens(numbers),
    )
    storage = Storage(
        data_dir=str(settings.data_dir),
        free_bytes=room.free if room else None,
        database_bytes=await store.overview.bytes(),
        hosts=disk.hosts(settings),
    )
    more = {
        "attention": [*told(concerns), *shown.attention],
        "keys": [Key.of(key, state) for key, state in states if state != keys.REMOVED],
        "storage": storage,
        "partitions": list(map(Partitions.of, spans)),
    }
    return shown.model_copy(update=more)


def told(concerns: Iterable[Concern]) -> list[Attention]:
    """Returns what is said about these."""
    return list(map(Attention.of, concerns))


SHOW: Final = Action(
    "overview.show",
    "Show how the server fares, and what needs attention.",
    "GET",
    "/overview",
    NoTerms,
    Overview,
    show,
    roles=HELPERS_AND_AUDITORS,
)

ACTIONS: Final = (SHOW,)
