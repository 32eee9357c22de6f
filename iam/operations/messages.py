"""Mail as it is written: a template's text and HTML, under headers that nobody's name can change."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final

from iam.people.mail import Mails
from iam.people.names import email_complaint
from iam.records.mail import Letter, Mail
from iam.service import service

# What templates may say besides; whoever writes a mail need not say all of it.
DETAIL: Final[Mapping[str, object]] = {
    **dict.fromkeys(("address", "device", "username", "new_email", "factor", "token", "left", "until"), ""),
    **dict.fromkeys(("by_administrator", "second"), False),
}
CONTROLS: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]+"
)  # what ends a line or turns its direction
LONGEST: Final = 200  # characters of what others have chosen, such as a name
BLANK: Final = re.compile(r"\n{3,}")
LONGEST_LINE: Final = 998  # characters (RFC 5322 §2.1.1), so that no link is broken

Render = Callable[..., str]


class Unwritable(Exception):
    """Why a mail cannot be written, now or ever."""


@service
class Messages:
    """Writes mail; `render` makes a text of a template, and all links begin with the issuer.

    `site` is the name of this service, `sender` the address that mail comes from, and `host` ends the ids of messages.
    """

    render: Render
    mails: Mails
    issuer: str
    host: str
    site: Callable[[], str]
    sender: str

    def write(self, mail: Mail) -> Letter:
        """Returns the letter of a mail, the same at each attempt; raises Unwritable."""
        from email.headerregistry import Address  # the email package takes long to import
        from email.message import EmailMessage
        from email.policy import SMTP

        if email_complaint(mail.recipient):
            raise Unwritable("the recipient is no e-mail address")
        subject, text, html = self._texts(mail)
        message = EmailMessage(policy=SMTP.clone(max_line_length=LONGEST_LINE))
        message["From"] = Address(heading(self.site()), addr_spec=self.sender)
        message["To"] = Address(heading(mail.name), addr_spec=mail.recipient)
        message["Subject"] = subject
        message["Date"] = mail.created_at
        message["Message-ID"] = f"<{mail.id}@{self.host}>"
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834 §5: no answering machine answers
        message.set_content(text)
        message.add_alternative(html, subtype="html")
        return Letter(mail, self.sender, mail.recipient, message)

    def _texts(self, mail: Mail) -> tuple[str, str, str]:
        """Returns subject, text and HTML; the subject is the first line of the text's template."""
        context = self._context(mail)
        first, _, rest = self.render(f"mail/{mail.template}.txt", **context).partition("\n")
        html = self.render(f"mail/{mail.template}.html", **context)
        return heading(first), BLANK.sub("\n\n", rest).strip() + "\n", html

    def _context(self, mail: Mail) -> dict[str, object]:
        """Returns what the template may say: all of DETAIL, whatever the mail has of it, and what every mail has."""
        said = {name: plain(value) for name, value in {**DETAIL, **mail.detail}.items()}
        end = expiry(mail)
        return {
            **said,
            "until": spoken(end) if end else "",
            "when": spoken(mail.created_at),
            "name": one_line(mail.name),
            "issuer": self.issuer,
            "link": self._link(mail),
        }

    def _link(self, mail: Mail) -> str:
        if mail.secret is None:
            return ""
        link = self.mails.unseal(mail.secret)
        if link is None:
            raise Unwritable("its link cannot be read: the key of the server was another one")
        return link


def expiry(mail: Mail) -> datetime | None:
    """Returns the moment that the detail calls `until`; None without one, or without a time zone."""
    try:
        moment = datetime.fromisoformat(str(mail.detail["until"]))
    except (KeyError, ValueError):
        return None
    return moment.astimezone(UTC) if moment.tzinfo else None


def spoken(moment: datetime) -> str:
    """Returns a moment as mail says it, in UTC."""
    moment = moment.astimezone(UTC)
    return f"{moment.day} {moment:%B %Y, %H:%M} UTC"


def plain(value: object) -> object:
    """Returns a text on one line; anything else as it is."""
    return one_line(value) if isinstance(value, str) else value


def one_line(text: str) -> str:
    """Returns a text that others may have chosen on one line, and cut to LONGEST characters."""
    return " ".join(CONTROLS.sub(" ", text).split())[:LONGEST]


def heading(text: str) -> str:
    """Returns a text for a header; what looks encoded (RFC 2047) is not, else the email package would decode line breaks in it."""
    return one_line(text).replace("=?", "= ?")
