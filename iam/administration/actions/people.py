"""What can be done with people's accounts."""

from typing import Final
from uuid import UUID

from iam.administration import factors, invitations, people
from iam.administration.actions.action import Action, Forbidden
from iam.administration.actions.models import Listing, Page
from iam.administration.actions.operator import Operator
from iam.administration.actions.paging import cut, place
from iam.administration.actions.person import (
    DeletedPerson,
    Disabling,
    EndedSessions,
    Invitation,
    Link,
    NamedPerson,
    NewPassword,
    NewPerson,
    Person,
    PersonChange,
)
from iam.administration.administration import Administration
from iam.administration.people import ProfileChange
from iam.administration.replacing import replaced
from iam.people import names, profiles
from iam.records.role import Role
from iam.records.user import User

THEIR_ADDRESS: Final = (
    "Only an administrator may change the e-mail address of somebody who can log in, for whoever has it can choose another "
    "password. They change it themselves in their account."
)
SUPPORT: Final = frozenset({Role.SUPPORT})
READERS: Final = frozenset({Role.SUPPORT, Role.AUDITOR})


async def list_people(on: Administration, wish: Listing, _: Operator) -> Page[Person]:
    """Lists people by username, or by e-mail address if an address is sought. Raises Invalid."""
    by_email = "@" in wish.search
    prefix = names.email_key(wish.search) if by_email else names.username_key(wish.search)
    after = place(wish.after)
    rows = await on.store.users.page(prefix, after[0] if after else "", wish.limit + 1, by_email=by_email)

    def keys(user: User) -> list[str]:
        return [names.email_key(user.email or "") if by_email else names.username_key(user.username)]

    found, following = cut(rows, wish.limit, keys)
    return Page[Person](items=list(map(Person.of, found)), next=following)


async def show(on: Administration, wish: NamedPerson, _: Operator) -> Person:
    """Returns the person. Raises Missing."""
    return Person.of(await people.find(on, wish.person))


async def create(on: Administration, wish: NewPerson, operator: Operator) -> Person:
    """Creates an account. Raises Invalid."""
    user = await people.create(
        on,
        username=wish.username,
        email=wish.email,
        name=wish.name,
        claims=wish.claims,
        email_verified=wish.email_verified,
        password=wish.password.get_secret_value() if wish.password else None,
        password_hash=wish.password_hash.get_secret_value() if wish.password_hash else None,
        by=operator.by,
    )
    return Person.of(user)


async def update(on: Administration, wish: PersonChange, operator: Operator) -> Person:
    """Changes an account. Raises Invalid, Missing and Forbidden."""
    key = str((await people.find(on, wish.person)).id)
    wish = wish.model_copy(update={"person": key})
    return Person.of(await replaced(on, "people", key, lambda: replace(on, wish, operator)))


async def replace(on: Administration, wish: PersonChange, operator: Operator) -> User:
    """Changes an account as it is now. Raises Invalid, Missing and Forbidden."""
    await keep_address(on, wish, operator)
    change = ProfileChange(wish.email, wish.name, wish.email_verified, wish.claims, wish.removed_claims, wish.superuser)
    return await people.update(on, wish.person, change, operator.by)


async def keep_address(on: Administration, wish: PersonChange, operator: Operator) -> None:
    """Raises Forbidden for another address of somebody who can log in, to whose account a link would go; not for administrators."""
    if operator.administrator or wish.email is None:
        return
    user = await people.find(on, wish.person)
    if profiles.moves(user.email, wish.email) and await on.store.users.opened(user.id):
        raise Forbidden(THEIR_ADDRESS)


async def disable(on: Administration, wish: Disabling, operator: Operator) -> Person:
    """Disables an account. Raises Missing and LastAdministrator."""
    return Person.of(await people.disable(on, wish.person, operator.by, keep_grants=wish.keep_grants))


async def enable(on: Administration, wish: NamedPerson, operator: Operator) -> Person:
    """Enables an account. Raises Missing."""
    return Person.of(await people.enable(on, wish.person, operator.by))


async def delete(on: Administration, wish: NamedPerson, operator: Operator) -> DeletedPerson:
    """Deletes an account. Raises Missing and LastAdministrator."""
    user = await people.delete(on, wish.person, operator.by)
    return DeletedPerson(id=user.id, username=user.username)


async def set_password(on: Administration, wish: NewPassword, operator: Operator) -> Person:
    """Sets another password. Raises Invalid and Missing."""
    password = wish.password.get_secret_value()
    return Person.of(await people.set_password(on, wish.person, password, operator.by, keep_grants=wish.keep_grants))


async def invite(on: Administration, wish: Invitation, operator: Operator) -> Link:
    """Makes a link to a first password, and the account if there is none; only administrators see it. Raises Invalid."""
    by_mail = not operator.administrator
    offer = await invitations.invite(on, wish.username, operator.by, email=wish.email, by_mail=by_mail)
    return Link.to(offer, shown=operator.administrator)


async def reset_password(on: Administration, wish: NamedPerson, operator: Operator) -> Link:
    """Makes a link to another password; only administrators see it. Raises Invalid and Missing."""
    by_mail = not operator.administrator
    offer = await invitations.reset_password(on, wish.person, operator.by, by_mail=by_mail)
    return Link.to(offer, shown=operator.administrator)


async def reset_factors(on: Administration, wish: NamedPerson, operator: Operator) -> Person:
    """Removes all second factors. Raises Invalid and Missing."""
    return Person.of(await factors.reset(on, wish.person, operator.by))


async def end_sessions(on: Administration, wish: NamedPerson, operator: Operator) -> EndedSessions:
    """Ends all sessions of a person. Raises Missing."""
    return EndedSessions(ended=await people.end_sessions(on, wish.person, operator.by))


async def named(on: Administration, wish: NamedPerson) -> UUID:
    """Returns the id of the person. Raises Missing."""
    return (await people.find(on, wish.person)).id


async def invited(on: Administration, wish: Invitation) -> UUID:
    """Returns the id of the person who is invited; that of nobody if they have no account yet."""
    user = await on.store.users.by_username(names.username_key(wish.username))
    user = user or await people.find_by_id(on, wish.username)
    return user.id if user else UUID(int=0)


LIST: Final = Action(
    "person.list",
    "List people by username, or by e-mail address if the search has an @.",
    "GET",
    "/people",
    Listing,
    Page[Person],
    list_people,
    roles=READERS,
)
SHOW: Final = Action(
    "person.show", "Show a person's account.", "GET", "/people/{person}", NamedPerson, Person, show, roles=READERS
)
CREATE: Final = Action(
    "person.create",
    "Create an account. Without a password nobody can log in to it: send an invitation.",
    "POST",
    "/people",
    NewPerson,
    Person,
    create,
    roles=SUPPORT,
    reserved=frozenset({"password", "password_hash", "email_verified"}),
    creates=True,
)
UPDATE: Final = Action(
    "person.update",
    "Change a person's account. A new address counts as unverified.",
    "PATCH",
    "/people/{person}",
    PersonChange,
    Person,
    update,
    roles=SUPPORT,
    person=named,
    reserved=frozenset({"superuser", "email_verified"}),
)
DISABLE: Final = Action(
    "person.disable",
    "Disable a person's account: their sessions and grants end for good.",
    "POST",
    "/people/{person}/disable",
    Disabling,
    Person,
    disable,
    roles=SUPPORT,
    person=named,
    losses=lambda on, wish: people.count_losses_of_disabling(on, wish.person, keep_grants=wish.keep_grants),
)
ENABLE: Final = Action(
    "person.enable",
    "Enable a person's account again.",
    "POST",
    "/people/{person}/enable",
    NamedPerson,
    Person,
    enable,
    roles=SUPPORT,
    person=named,
)
DELETE: Final = Action(
    "person.delete",
    "Delete a person's account, sessions and consents, and end everything they granted.",
    "DELETE",
    "/people/{person}",
    NamedPerson,
    DeletedPerson,
    delete,
    roles=SUPPORT,
    person=named,
    losses=lambda on, wish: people.count_losses_of_deleting(on, wish.person),
    sensitive=True,
)
INVITE: Final = Action(
    "person.invite",
    "Make a link by which a person chooses their first password, good once and for a week.",
    "POST",
    "/people/invitations",
    Invitation,
    Link,
    invite,
    roles=SUPPORT,
    person=invited,
    creates=True,
)
RESET_PASSWORD: Final = Action(
    "person.reset_password",
    "Make a link by which a person chooses another password, good once and for a day.",
    "POST",
    "/people/{person}/reset-password",
    NamedPerson,
    Link,
    reset_password,
    roles=SUPPORT,
    person=named,
    sensitive=True,
)
SET_PASSWORD: Final = Action(
    "person.set_password",
    "Set another password of a person: their sessions and grants end. Better send a link by which they choose one.",
    "POST",
    "/people/{person}/password",
    NewPassword,
    Person,
    set_password,
    losses=lambda on, wish: people.count_losses_of_password(on, wish.person, keep_grants=wish.keep_grants),
    sensitive=True,
)
RESET_FACTORS: Final = Action(
    "person.reset_factors",
    "Remove all second factors of a person who has lost them.",
    "POST",
    "/people/{person}/reset-factors",
    NamedPerson,
    Person,
    reset_factors,
    roles=SUPPORT,
    person=named,
    losses=lambda on, wish: factors.count_losses(on, wish.person),
    sensitive=True,
)
END_SESSIONS: Final = Action(
    "person.end_sessions",
    "End all sessions of a person: they have to log in again everywhere.",
    "POST",
    "/people/{person}/end-sessions",
    NamedPerson,
    EndedSessions,
    end_sessions,
    roles=SUPPORT,
    person=named,
)

ACTIONS: Final = (
    LIST,
    SHOW,
    CREATE,
    UPDATE,
    DISABLE,
    ENABLE,
    DELETE,
    INVITE,
    RESET_PASSWORD,
    SET_PASSWORD,
    RESET_FACTORS,
    END_SESSIONS,
)
