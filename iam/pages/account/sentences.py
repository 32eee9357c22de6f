"""What the events of the audit log say to the person they are about: a sentence for each kind, by who did it."""

from collections.abc import Mapping
from typing import Final

from attrs import frozen

OTHERS: Final = "Something about your account was changed."


@frozen
class Sentences:
    """What an event says if the person did it themselves, and if somebody or something else did."""

    own: str
    others: str


def both(sentence: str) -> Sentences:
    """Returns the same sentence for whoever did it."""
    return Sentences(sentence, sentence)


SENTENCES: Final[Mapping[str, Sentences]] = {
    "session.begun": Sentences("You logged in.", "You were logged in."),
    "session.renewed": Sentences("You logged in again.", "You were logged in again."),
    "session.ended": Sentences("You logged out, here or elsewhere.", "An administrator logged you out."),
    "session.reused": both("You were logged out: an old copy of a login was used, perhaps by somebody else."),
    "login.pending": both("Your password was right, and the second step of the login followed or was missing."),
    "consent.given": both("You allowed an application to act for you."),
    "consent.withdrawn": both("You took back what you had allowed an application."),
    "consent.presumed": both("An application that is trusted here may act for you, without a question."),
    "client.created": Sentences("You registered an application.", "An application was registered for you."),
    "grant.revoked": both("An administrator ended the access of an application."),
    "grants.revoked": both("An administrator ended the access of all applications."),
    "token.revoked": both("An application gave its access back, or an administrator ended it."),
    "code.replayed": both("The access of an application was ended: its code was used twice."),
    "refresh_token.reused": both("The access of an application was ended: an old token was used again."),
    "logout.not_delivered": both("An application could not be told that you logged out."),
    "mail.not_delivered": both("A mail to you could not be delivered."),
    "mail.retried": both("A mail to you was sent again on an administrator's word."),
    "mail.tested": both("You had a mail sent to you, to see whether it arrives."),
    "mail.discarded": both("An administrator discarded a mail to you before it was sent."),
    "user.created": both("Your account was made."),
    "user.signed_up": both("You made your account."),
    "user.sign_up_asked": both("Somebody asked for an account with your e-mail address."),
    "user.invited": both("You were invited to choose a password."),
    "user.invitation_withdrawn": both("A link with which you could choose a password was withdrawn."),
    "user.invitation_accepted": both("You accepted the invitation and chose your password."),
    "user.changed": Sentences("You changed your details.", "An administrator changed your account."),
    "user.password_changed": Sentences("You changed your password.", "Your password was changed."),
    "user.password_reset": both("Your password was set by a link."),
    "user.reset_asked": both("Somebody asked for a link to choose a new password."),
    "user.reset_offered": both("An administrator made a link with which you choose a new password."),
    "user.verification_asked": both("A mail was sent to verify your e-mail address."),
    "user.email_verified": both("You verified your e-mail address."),
    "user.email_change_asked": both("A mail was sent to your new e-mail address, to verify it."),
    "user.email_changed": both("Your e-mail address was changed."),
    "user.email_change_undone": both("The change of your e-mail address was undone."),
    "user.disabled": both("An administrator disabled your account."),
    "user.unthrottled": both("You may try to log in again at once."),
    "user.enabled": both("An administrator enabled your account again."),
    "user.deletion_planned": both("You asked that your account is deleted."),
    "user.deletion_cancelled": both("You kept your account."),
    "user.exported": both("You downloaded your data."),
    "browser.remembered": both("You chose a browser that is not asked for a second step."),
    "browser.forgotten": Sentences(
        "You chose that a browser is asked for a second step again.", "A browser is asked for a second step again."
    ),
    "factor.added": both("You added a second step to your login."),
    "factor.removed": Sentences("You removed a second step of your login.", "A second step of your login was removed."),
    "factors.reset": both("An administrator removed the second steps of your login."),
    "recovery_codes.made": both("You made new recovery codes."),
    "recovery_code.used": both("A recovery code was used to log in."),
    "passkey.added": both("You added a passkey."),
    "passkey.doubted": both("A passkey of yours was used whose counter went back: there may be a copy of it."),
    "passkey.renamed": both("You renamed a passkey."),
    "passkey.switched": both("You chose whether a passkey is asked for after your password."),
    "passkey.removed": Sentences("You removed a passkey.", "A passkey was removed."),
    "group.member_added": both("You became a member of a group."),
    "group.member_changed": both("What you may do in a group changed."),
    "group.member_removed": both("You are no member of a group any more."),
    "role.granted": both("You were given a role."),
    "role.revoked": both("A role was taken from you."),
    "personal_token.created": Sentences("You made an access token.", "An administrator made an access token for you."),
    "personal_token.revoked": Sentences("You ended an access token.", "An access token of yours was ended."),
}


def tell(kind: str, *, own: bool) -> str:
    """Returns what an event of this kind says; `own`: the person did it."""
    known = SENTENCES.get(kind, both(OTHERS))
    return known.own if own else known.others
