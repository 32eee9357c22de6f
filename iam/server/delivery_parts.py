"""What is delivered to others without being asked: logout notices, and mail."""

from functools import cached_property

from attrs import frozen

from iam.openid.logout_tokens import LogoutTokens
from iam.operations.back_channel_logout import BackChannelLogout
from iam.operations.messages import Messages
from iam.operations.outgoing_mail import OutgoingMail
from iam.outbound.mail import Carrier
from iam.outbound.mail_files import MailFiles
from iam.outbound.posting import Poster
from iam.outbound.smtp import Smtp
from iam.server.parts import Parts, in_threads

NOBODY = "iam@localhost"  # whom mail in files comes from, unless an address is given


@frozen(slots=False)
class DeliveryParts(Parts):
    """The deliveries of one server."""

    @cached_property
    def back_channel(self) -> BackChannelLogout:
        """The delivery of logout notices to clients."""
        tokens = LogoutTokens(self.keys, self.subjects, self.settings.issuer)
        poster = Poster(self.reactor, self.settings.allow_fetch)
        store = self.store
        return BackChannelLogout(self.reactor, store.logout_notices, self.directory, tokens, poster, self.clock)

    @cached_property
    def carrier(self) -> Carrier:
        """What brings mail away: the mail server, or a directory where there is none."""
        settings, in_thread = self.settings, in_threads(self.reactor)
        server = settings.mail_server
        if server is None:
            return MailFiles(settings.mail_dir, in_thread)
        return Smtp(self.reactor, server, settings.issuer_host, settings.smtp_login, in_thread)

    @cached_property
    def outgoing_mail(self) -> OutgoingMail:
        """The sending of mail."""
        theme, settings = self.theme, self.settings
        sender = settings.mail_from or NOBODY
        messages = Messages(theme.text, self.mails, settings.issuer, settings.issuer_host, theme.site, sender)
        return OutgoingMail(self.reactor, self.store.outbox, messages, self.carrier, self.clock)
