"""What the events of the audit log say, a sentence for each kind: to the person they are about, and to who reads the log.

Each is whole, so that it can be said in any language; only names are put in.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from attrs import field, frozen

OTHERS: Final = "Something about your account was changed."
UNKNOWN: Final = ("{actor} did something about {person}.", "{actor} did something.")


@frozen
class Sentences:
    """What an event says. To the person it is about, `own` if they did it themselves, and `others` if not.

    To others, the first of `log` whose names the event has, or of `themselves` if the person did it. A name is of who did
    it (`actor`), of the `person`, the `client`, the `group`, or a member of the detail.
    """

    own: str
    others: str
    log: Sequence[str]
    themselves: Sequence[str] = field(factory=tuple)


def both(sentence: str, *log: str) -> Sentences:
    """Returns the sentences of what people are told alike, whoever did it."""
    return Sentences(sentence, sentence, log)


def their(sentence: str, log: str, themselves: str) -> Sentences:
    """Returns the sentences of what people do about themselves alone."""
    return Sentences(sentence, sentence, [log], [themselves])


def logged(*log: str) -> Sentences:
    """Returns the sentences of what is about no person."""
    return both(OTHERS, *log)


SENTENCES: Final[Mapping[str, Sentences]] = {
    "session.begun": Sentences(
        "You logged in.", "You were logged in.", ["{actor} logged {person} in."], ["{actor} logged in."]
    ),
    "session.renewed": Sentences(
        "You logged in again.",
        "You were logged in again.",
        ["{actor} logged {person} in again."],
        ["{actor} logged in again."],
    ),
    "session.ended": Sentences(
        "You logged out, here or elsewhere.",
        "An administrator logged you out.",
        ["{actor} logged {person} out."],
        ["{actor} logged out."],
    ),
    "session.reused": both(
        "You were logged out: an old copy of a login was used, perhaps by somebody else.",
        "{actor} used an old copy of a login of {person}, which was ended.",
    ),
    "login.pending": both(
        "Your password was right, and the second step of the login followed or was missing.",
        "{person} typed the right password, and was asked for the second step.",
    ),
    "login.refused": logged("Logins with a wrong name or password, in one minute: {count}."),
    "login.throttled": logged("Logins that had to wait after too many wrong ones, in one minute: {count}."),
    "factor.refused": logged("Wrong second steps, in one minute: {count}."),
    "factor.throttled": logged("Second steps that had to wait after too many wrong ones, in one minute: {count}."),
    "link.throttled": logged("Links that had to wait after too many wrong ones, in one minute: {count}."),
    "secret.throttled": logged(
        "Secrets of applications that had to wait after too many wrong ones, in one minute: {count}."
    ),
    "user_code.throttled": logged(
        "Codes of devices that had to wait after too many wrong ones, in one minute: {count}."
    ),
    "device.throttled": logged("Devices that had to wait, since too many asked, in one minute: {count}."),
    "client_authentication.refused": logged("Applications that did not prove who they are, in one minute: {count}."),
    "consent.refused": logged("People who allowed an application nothing, in one minute: {count}."),
    "consent.given": both("You allowed an application to act for you.", "{person} allowed {client} to act for them."),
    "consent.withdrawn": Sentences(
        "You took back what you had allowed an application.",
        "You took back what you had allowed an application.",
        ["{actor} took back what {person} had allowed {client}."],
        ["{actor} took back what they had allowed {client}."],
    ),
    "consent.presumed": both(
        "An application that is trusted here may act for you, without a question.",
        "{client}, which is trusted, may act for {person}, who was not asked.",
    ),
    "device.allowed": both(
        "You connected a device, for which you typed a code.", "{person} connected a device to {client}."
    ),
    "device.denied": both(
        "You did not allow what a device asked for.", "{person} did not allow what a device asked for with {client}."
    ),
    "client.created": Sentences(
        "You registered an application.",
        "An application was registered for you.",
        ["{actor} registered the application {client} for {person}.", "{actor} registered the application {client}."],
        ["{actor} registered the application {client}."],
    ),
    "client.changed": logged("{actor} changed the application {client}."),
    "client.transferred": Sentences(
        "You gave an application to yourself.",
        "An application was given to you.",
        ["{actor} gave the application {client} to {person}.", "{actor} gave the application {client} to nobody."],
        ["{actor} gave the application {client} to themselves."],
    ),
    "client.secret_rotated": logged("{actor} gave the application {client} a new secret."),
    "client.disabled": logged("{actor} disabled the application {client}."),
    "client.enabled": logged("{actor} enabled the application {client} again."),
    "client.deleted": logged("{actor} deleted the application {name}.", "{actor} deleted the application {client}."),
    "client.restricted": logged("{actor} changed for which groups the application {client} is."),
    "client.registration_token_rotated": logged(
        "{actor} gave the application {client} another token to change itself with."
    ),
    "client.registration_token_revoked": logged(
        "{actor} took the token away with which the application {client} changes itself."
    ),
    "grant.revoked": both(
        "An administrator ended the access of an application.",
        "{actor} ended an access of {client} to the account of {person}.",
        "{actor} ended an access that {client} has for itself.",
    ),
    "grants.revoked": both(
        "An administrator ended the access of all applications.",
        "{actor} ended the access of all applications to the account of {person}.",
        "{actor} ended all access of the application {client}.",
        "{actor} ended all access of all applications.",
    ),
    "token.revoked": both(
        "An application gave its access back, or an administrator ended it.",
        "{actor} ended a token of {client} for {person}.",
        "{actor} ended a token of {client}.",
        "{actor} ended a token of {person}.",
    ),
    "code.replayed": both(
        "The access of an application was ended: its code was used twice.",
        "{client} used a code of {person} twice, and its access was ended.",
    ),
    "refresh_token.reused": both(
        "The access of an application was ended: an old token was used again.",
        "{client} used an old token of {person} again, and its access was ended.",
        "{client} used an old token again, and its access was ended.",
    ),
    "logout.not_delivered": both(
        "An application could not be told that you logged out.", "{client} could not be told that {person} logged out."
    ),
    "mail.not_delivered": both(
        "A mail to you could not be delivered.",
        "A mail to {person} could not be delivered.",
        "A mail could not be delivered.",
    ),
    "mail.retried": both(
        "A mail to you was sent again on an administrator's word.",
        "{actor} had a mail to {person} sent at once.",
        "{actor} had a mail sent at once.",
    ),
    "mail.tested": both(
        "You had a mail sent to you, to see whether it arrives.",
        "{actor} had a mail sent to themselves, to see whether it arrives.",
    ),
    "mail.discarded": both(
        "An administrator discarded a mail to you before it was sent.",
        "{actor} discarded a mail to {person} before it was sent.",
        "{actor} discarded a mail before it was sent.",
    ),
    "user.created": both("Your account was made.", "{actor} made the account of {person}."),
    "user.signed_up": both("You made your account.", "{person} signed up."),
    "user.sign_up_asked": both(
        "Somebody asked for an account with your e-mail address.",
        "{actor} asked for an account with the e-mail address of {person}.",
        "{actor} asked for an account.",
    ),
    "user.invited": both("You were invited to choose a password.", "{actor} invited {person}."),
    "user.invitation_withdrawn": both(
        "A link with which you could choose a password was withdrawn.",
        "{actor} withdrew a link with which {person} could choose a password.",
    ),
    "user.invitation_accepted": both(
        "You accepted the invitation and chose your password.", "{person} accepted an invitation and chose a password."
    ),
    "user.changed": Sentences(
        "You changed your details.",
        "An administrator changed your account.",
        ["{actor} changed the account of {person}."],
        ["{actor} changed their own account."],
    ),
    "user.password_changed": Sentences(
        "You changed your password.",
        "Your password was changed.",
        ["{actor} changed the password of {person}."],
        ["{actor} changed their own password."],
    ),
    "user.password_reset": both("Your password was set by a link.", "{person} chose another password by a link."),
    "user.reset_asked": both(
        "Somebody asked for a link to choose a new password.",
        "{actor} asked for a link with which {person} can choose another password.",
        "{actor} asked for a link to another password, which nobody gets.",
    ),
    "user.reset_offered": both(
        "An administrator made a link with which you choose a new password.",
        "{actor} made a link with which {person} can choose another password.",
    ),
    "user.verification_asked": both(
        "A mail was sent to verify your e-mail address.",
        "{actor} asked for a mail that verifies the e-mail address of {person}.",
    ),
    "user.email_verified": both("You verified your e-mail address.", "{person} verified their e-mail address."),
    "user.email_change_asked": their(
        "A mail was sent to your new e-mail address, to verify it.",
        "{actor} asked for another e-mail address of {person}.",
        "{actor} asked for another e-mail address of their own.",
    ),
    "user.email_changed": both("Your e-mail address was changed.", "{person} changed their e-mail address."),
    "user.email_change_undone": both(
        "The change of your e-mail address was undone.", "{actor} undid the change of the e-mail address of {person}."
    ),
    "user.disabled": both("An administrator disabled your account.", "{actor} disabled the account of {person}."),
    "user.unthrottled": both(
        "You may try to log in again at once.", "{actor} let {person} try to log in again at once."
    ),
    "user.enabled": both(
        "An administrator enabled your account again.", "{actor} enabled the account of {person} again."
    ),
    "user.deletion_planned": their(
        "You asked that your account is deleted.",
        "{actor} asked that the account of {person} is deleted.",
        "{actor} asked that their own account is deleted.",
    ),
    "user.deletion_cancelled": their(
        "You kept your account.",
        "{actor} kept the account of {person}, which was to be deleted.",
        "{actor} kept their own account, which was to be deleted.",
    ),
    "user.deleted": logged("{actor} deleted the account of {person}."),
    "user.exported": their(
        "You downloaded your data.", "{actor} downloaded the data of {person}.", "{actor} downloaded their own data."
    ),
    "browser.remembered": their(
        "You chose a browser that is not asked for a second step.",
        "{actor} chose a browser in which {person} is not asked for a second step.",
        "{actor} chose a browser that is not asked for a second step.",
    ),
    "browser.forgotten": Sentences(
        "You chose that a browser is asked for a second step again.",
        "A browser is asked for a second step again.",
        ["{actor} had a browser of {person} asked for a second step again."],
        ["{actor} had a browser asked for a second step again."],
    ),
    "factor.added": their(
        "You added a second step to your login.",
        "{actor} added a second step to the login of {person}.",
        "{actor} added a second step to their own login.",
    ),
    "factor.removed": Sentences(
        "You removed a second step of your login.",
        "A second step of your login was removed.",
        ["{actor} removed a second step of the login of {person}."],
        ["{actor} removed a second step of their own login."],
    ),
    "factors.reset": both(
        "An administrator removed the second steps of your login.",
        "{actor} removed all second steps of the login of {person}.",
    ),
    "recovery_codes.made": their(
        "You made new recovery codes.",
        "{actor} made new recovery codes of {person}.",
        "{actor} made new recovery codes.",
    ),
    "recovery_code.used": both("A recovery code was used to log in.", "{person} used a recovery code to log in."),
    "passkey.added": their(
        "You added a passkey.", "{actor} added the passkey {name} of {person}.", "{actor} added the passkey {name}."
    ),
    "passkey.doubted": both(
        "A passkey of yours was used whose counter went back: there may be a copy of it.",
        "The passkey {name} of {person} was used and its counter went back: there may be a copy of it.",
    ),
    "passkey.renamed": their(
        "You renamed a passkey.",
        "{actor} renamed a passkey of {person} to {name}.",
        "{actor} renamed a passkey to {name}.",
    ),
    "passkey.switched": their(
        "You chose whether a passkey is asked for after your password.",
        "{actor} chose whether {person} is asked for the passkey {name} after their password.",
        "{actor} chose whether the passkey {name} is asked for after their password.",
    ),
    "passkey.removed": Sentences(
        "You removed a passkey.",
        "A passkey was removed.",
        ["{actor} removed the passkey {name} of {person}."],
        ["{actor} removed the passkey {name}."],
    ),
    "group.created": logged("{actor} made the group {group}."),
    "group.changed": logged("{actor} changed the group {group}."),
    "group.deleted": logged("{actor} deleted the group {name}.", "{actor} deleted the group {group}."),
    "group.member_added": both(
        "You became a member of a group.", "{actor} made {person} a member of the group {group}."
    ),
    "group.member_changed": both(
        "What you may do in a group changed.", "{actor} changed what {person} may do in the group {group}."
    ),
    "group.member_removed": both(
        "You are no member of a group any more.", "{actor} removed {person} from the group {group}."
    ),
    "role.granted": both(
        "You were given a role.",
        "{actor} gave {person} the role {role} in the application {client}.",
        "{actor} gave {person} the role {role}.",
        "{actor} gave the group {group} the role {role} in the application {client}.",
        "{actor} gave the group {group} the role {role}.",
    ),
    "role.revoked": both(
        "A role was taken from you.",
        "{actor} took the role {role} in the application {client} from {person}.",
        "{actor} took the role {role} from {person}.",
        "{actor} took the role {role} in the application {client} from the group {group}.",
        "{actor} took the role {role} from the group {group}.",
    ),
    "personal_token.created": Sentences(
        "You made an access token.",
        "An administrator made an access token for you.",
        [
            "{actor} made the access token {name} for {person}.",
            "{actor} made the access token {name} for the application {client}.",
        ],
        ["{actor} made the access token {name} for themselves."],
    ),
    "personal_token.revoked": Sentences(
        "You ended an access token.",
        "An access token of yours was ended.",
        [
            "{actor} ended the access token {name} of {person}.",
            "{actor} ended the access token {name} of the application {client}.",
        ],
        ["{actor} ended their own access token {name}."],
    ),
    "registration_token.created": logged("{actor} made a token with which applications register themselves."),
    "registration_token.revoked": logged("{actor} ended a token with which applications register themselves."),
    "scope.created": logged("{actor} made the scope {name}."),
    "scope.deleted": logged("{actor} deleted the scope {name}."),
    "scope.restricted": logged("{actor} changed for which groups the scope {name} is."),
    "resource.created": logged("{actor} registered the resource {uri}."),
    "resource.changed": logged("{actor} changed the resource {uri}."),
    "resource.disabled": logged("{actor} disabled the resource {uri}."),
    "resource.enabled": logged("{actor} enabled the resource {uri} again."),
    "resource.deleted": logged("{actor} deleted the resource {uri}."),
    "key.published": logged("{actor} published the key {kid}, for {alg}."),
    "key.retired": logged("{actor} ended the trust in the key {kid}, for {alg}."),
    "setup.offered": logged("{actor} offered a link with which the first administrator is made."),
    "audit.exported": logged("{actor} took events of this log along as a file."),
    "audit.pruned": logged("{actor} removed months of this log."),
}

# What is written down, as docs/guides/audit.md explains; other versions may have others.
KINDS: Final = tuple(sorted(SENTENCES))


def tell(kind: str, *, own: bool) -> str:
    """Returns what an event of this kind says to the person it is about; `own`: they did it."""
    known = SENTENCES.get(kind, logged())
    return known.own if own else known.others
