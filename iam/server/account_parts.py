"""The pages at which people look after their account, each built once, when it is first needed."""

from functools import cached_property

from attrs import frozen

from iam.pages.account.activity import ActivityPage
from iam.pages.account.allowed_applications import AllowedApplications
from iam.pages.account.data import DataPages
from iam.pages.account.details import DetailsPage
from iam.pages.account.email import EmailChangePage, EmailPage, EmailUndoPage
from iam.pages.account.holders import Holders
from iam.pages.account.overview import Overview
from iam.pages.account.password import PasswordPage
from iam.pages.account.sessions import SessionsPage
from iam.pages.links.doors import Doors
from iam.pages.links.verification import VerificationPage, VerificationRequestPage
from iam.people.email_changes import EmailChanges
from iam.people.own_passwords import OwnPasswords
from iam.server.factor_parts import FactorParts


@frozen(slots=False)
class AccountParts(FactorParts):
    """The pages of an account, and those behind the links that change its address."""

    @cached_property
    def holders(self) -> Holders:
        """The people at the pages of their own account."""
        return Holders(self.visitors, self.theme, self.factors)

    @cached_property
    def overview(self) -> Overview:
        """The first page of an account."""
        return Overview(self.holders, self.passkeys, self.store, self.settings)

    @cached_property
    def allowed_applications(self) -> AllowedApplications:
        """The pages of the applications that a person allowed to act for them."""
        store = self.store
        return AllowedApplications(self.holders, store.consents, store.scopes, store.resources, self.clock)

    @cached_property
    def activity(self) -> ActivityPage:
        """The page of what happened to an account."""
        return ActivityPage(self.holders, self.store.activities)

    @cached_property
    def data(self) -> DataPages:
        """The pages of a person's data, and of the deletion of their account."""
        return DataPages(self.holders, self.administration)

    @cached_property
    def details(self) -> DetailsPage:
        """The page of what is known of a person."""
        return DetailsPage(self.holders, self.store.users, self.store.details, self.clock)

    @cached_property
    def password(self) -> PasswordPage:
        """The page to change one's password."""
        passwords = OwnPasswords(self.store.own_passwords, self.people, self.clock)
        return PasswordPage(self.holders, passwords)

    @cached_property
    def sessions_page(self) -> SessionsPage:
        """The pages of where a person is logged in."""
        return SessionsPage(self.holders, self.store.own_sessions, self.clock, self.settings)

    @cached_property
    def doors(self) -> Doors:
        """The way in to the pages behind links."""
        return Doors(self.links, self.visitors, self.theme)

    @cached_property
    def verification_request(self) -> VerificationRequestPage:
        """The page that mails a link to verify an address."""
        return VerificationRequestPage(self.links, self.holders)

    @cached_property
    def verification(self) -> VerificationPage:
        """The page behind that link."""
        return VerificationPage(self.links, self.doors)

    @cached_property
    def email_changes(self) -> EmailChanges:
        """The changes of people's e-mail addresses."""
        return EmailChanges(self.store.email_changes, self.links)

    @cached_property
    def email(self) -> EmailPage:
        """The page that mails a link to a new address."""
        return EmailPage(self.holders, self.email_changes)

    @cached_property
    def email_change(self) -> EmailChangePage:
        """The page behind that link."""
        return EmailChangePage(self.email_changes, self.doors)

    @cached_property
    def email_undo(self) -> EmailUndoPage:
        """The page behind the link to the address before."""
        return EmailUndoPage(self.email_changes, self.doors)
