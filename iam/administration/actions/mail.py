"""What can be done with mail: the outbox, and what became of what was in it."""

from typing import Final, Literal
from uuid import UUID

from pydantic import Field

from iam.administration import mail, people
from iam.administration.actions.action import Action
from iam.administration.actions.models import LONGEST_CURSOR, MOST, USUAL, Instant, Model, Moment, Page
from iam.administration.actions.operator import Operator
from iam.administration.actions.paging import cut, moment_and_id
from iam.administration.actions.people import LIST as PEOPLE
from iam.administration.actions.performing import may
from iam.administration.actions.readers import HELPERS_AND_AUDITORS
from iam.administration.administration import Administration
from iam.records.posted_mail import PostedMail
from iam.records.role import Role

NOBODY: Final = UUID(int=0)


class ShownMail(Model):
    """A mail: to whom, and what became of it; never what it says, nor the link in it."""

    id: UUID
    template: str = Field(description="Which of the templates it is written by, such as `invite`.")
    contents: str = Field(description="What the person gets by it.")
    recipient: str | None = Field(description="The address it goes to; null for whoever may not see people.")
    user_id: UUID | None = Field(description="The person it is about.")
    username: str | None = Field(description="Their username; null for whoever may not see people.")
    state: str = Field(description="`waiting`, `delivered`, or `failed`: it was given up.")
    under_way: bool = Field(description="Whether a server is sending it at this moment.")
    attempts: int = Field(description="How often it was tried.")
    reason: str | None = Field(description="Why the last attempt failed.")
    created_at: Moment
    due_at: Moment | None = Field(description="When it is tried next, if it waits.")
    ended_at: Moment | None = Field(description="When it was delivered, or given up.")

    @classmethod
    def of(cls, told: PostedMail, operator: Operator) -> "ShownMail":
        """Returns what is said about this mail to the operator."""
        known, contents = may(PEOPLE, operator), mail.CONTENTS.get(told.template, told.template)
        return cls(
            id=told.id,
            template=told.template,
            contents=contents[:1].upper() + contents[1:],
            recipient=told.recipient if known else None,
            user_id=told.user_id,
            username=told.username if known else None,
            state=told.state,
            under_way=told.under_way,
            attempts=told.attempts,
            reason=told.reason,
            created_at=told.created_at,
            due_at=told.due_at,
            ended_at=told.ended_at,
        )


class MailListing(Model):
    """Which mail is wanted."""

    state: Literal["waiting", "delivered", "failed"] | None = Field(
        default=None, description="Only what waits, was delivered, or has failed: was given up."
    )
    person: str | None = Field(default=None, description="Only what is about this person: their id or username.")
    since: Instant | None = Field(default=None, description="Only what was written from then on.")
    after: str | None = Field(
        default=None, max_length=LONGEST_CURSOR, description="Where the page begins: `next` of another."
    )
    limit: int = Field(default=USUAL, ge=1, le=MOST, description="How many items there are on a page.")


class NamedMail(Model):
    """A mail, by its id."""

    mail: UUID = Field(description="The id of the mail.")


class DiscardedMail(Model):
    """A mail that nobody gets."""

    id: UUID
    discarded: bool = True


class OwnMail(Model):
    """A mail to whoever asks for it."""


class TestedMail(Model):
    """A mail that is on its way; the list of mail says what becomes of it."""

    recipient: str


async def list_mail(on: Administration, wish: MailListing, operator: Operator) -> Page[ShownMail]:
    """Lists the mail of the last days, the latest first. Raises Invalid and Missing."""
    user = await people.find(on, wish.person) if wish.person else None
    before, mail_id = moment_and_id(wish.after)
    rows = await on.store.posted_mails.page(
        on.clock.now(),
        before,
        mail_id,
        wish.limit + 1,
        state=wish.state,
        user_id=user.id if user else None,
        since=wish.since,
    )
    found, following = cut(rows, wish.limit, lambda one: [one.created_at.isoformat(), str(one.id)])
    return Page[ShownMail](items=[ShownMail.of(one, operator) for one in found], next=following)


async def show(on: Administration, wish: NamedMail, operator: Operator) -> ShownMail:
    """Returns the mail. Raises Missing."""
    return ShownMail.of(await mail.find(on, wish.mail), operator)


async def retry(on: Administration, wish: NamedMail, operator: Operator) -> ShownMail:
    """Has a mail that waits sent now. Raises Invalid and Missing."""
    return ShownMail.of(await mail.retry(on, wish.mail, operator.by), operator)


async def discard(on: Administration, wish: NamedMail, operator: Operator) -> DiscardedMail:
    """Deletes a mail that waits. Raises Invalid and Missing."""
    await mail.discard(on, wish.mail, operator.by)
    return DiscardedMail(id=wish.mail)


async def test(on: Administration, _: OwnMail, operator: Operator) -> TestedMail:
    """Sends a mail to the operator. Raises Invalid if they have no confirmed address."""
    return TestedMail(recipient=await mail.test(on, operator.user_id, operator.by))


async def whom(on: Administration, wish: NamedMail) -> UUID:
    """Returns the id of the person whom the mail is about; that of nobody if it is about none. Raises Missing."""
    return (await mail.find(on, wish.mail)).user_id or NOBODY


LIST: Final = Action(
    "mail.list",
    "List the mail that waits, and what was delivered or given up in the last seven days, the latest first.",
    "GET",
    "/mail",
    MailListing,
    Page[ShownMail],
    list_mail,
    roles=HELPERS_AND_AUDITORS,
)
SHOW: Final = Action(
    "mail.show",
    "Show what became of a mail, without what it says.",
    "GET",
    "/mail/{mail}",
    NamedMail,
    ShownMail,
    show,
    roles=HELPERS_AND_AUDITORS,
)
RETRY: Final = Action(
    "mail.retry",
    "Send a mail that waits now, instead of when it is due.",
    "POST",
    "/mail/{mail}/retry",
    NamedMail,
    ShownMail,
    retry,
    roles=frozenset({Role.SUPPORT}),
    person=whom,
)
DISCARD: Final = Action(
    "mail.discard",
    "Discard a mail that waits: it is never sent.",
    "DELETE",
    "/mail/{mail}",
    NamedMail,
    DiscardedMail,
    discard,
    losses=lambda on, wish: mail.count_losses(on, wish.mail),
)
TEST: Final = Action(
    "mail.test",
    "Send a mail to your own confirmed address, to see whether mail arrives.",
    "POST",
    "/mail/test",
    OwnMail,
    TestedMail,
    test,
)

ACTIONS: Final = (LIST, SHOW, RETRY, DISCARD, TEST)
