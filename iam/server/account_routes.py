"""The pages of an account: paths, methods and handlers."""

from iam.http.dispatch import Handler
from iam.pages.login.beginning import KEEP_ACCOUNT
from iam.server.application import Application


def account(application: Application) -> list[tuple[str, str, Handler]]:
    """Returns the rows of the pages below /account, and of those behind the links of its mails."""
    allowed, sessions, password = application.allowed_applications, application.sessions_page, application.password
    passkeys = application.passkey_pages
    data = application.data
    return [
        ("/account", "GET", application.overview.show),
        ("/account/applications", "GET", allowed.list),
        ("/account/applications/remove", "GET", allowed.confirm_remove_all),
        ("/account/applications/remove", "POST", allowed.remove_all),
        ("/account/applications/<client_id>/remove", "GET", allowed.confirm_remove),
        ("/account/applications/<client_id>/remove", "POST", allowed.remove),
        ("/account/data", "GET", data.show),
        ("/account/data/export", "GET", data.confirm_export),
        ("/account/data/export", "POST", data.export),
        ("/account/data/delete", "GET", data.confirm_delete),
        ("/account/data/delete", "POST", data.delete),
        (KEEP_ACCOUNT, "GET", data.ask_to_keep),
        (KEEP_ACCOUNT, "POST", data.keep),
        ("/account/details", "GET", application.details.show),
        ("/account/details", "POST", application.details.submit),
        ("/account/email", "GET", application.email.show),
        ("/account/email", "POST", application.email.submit),
        ("/email", "GET", application.email_change.show),
        ("/email", "POST", application.email_change.submit),
        ("/email/undo", "GET", application.email_undo.show),
        ("/email/undo", "POST", application.email_undo.submit),
        ("/account/password", "GET", password.show),
        ("/account/password", "POST", password.submit),
        ("/account/password/changed", "GET", password.done),
        ("/account/activity", "GET", application.activity.show),
        ("/account/sessions", "GET", sessions.list),
        ("/account/sessions", "POST", sessions.end),
        ("/account/sessions/end", "GET", sessions.confirm_end_others),
        ("/account/sessions/end", "POST", sessions.end_others),
        ("/account/security", "GET", application.security.show),
        ("/account/security", "POST", application.security.forget),
        ("/account/security/needed", "GET", application.security.explain),
        ("/account/security/app", "GET", application.app_pages.offer),
        ("/account/security/app", "POST", application.app_pages.add),
        ("/account/security/app/remove", "GET", application.app_pages.confirm_removal),
        ("/account/security/app/remove", "POST", application.app_pages.remove),
        ("/account/security/passkeys", "GET", passkeys.list),
        ("/account/security/passkeys/new", "GET", passkeys.offer),
        ("/account/security/passkeys/new", "POST", passkeys.make),
        ("/account/security/passkeys/offer", "GET", application.passkey_offer.show),
        ("/account/security/passkeys/offer", "POST", application.passkey_offer.submit),
        ("/account/security/passkeys/<passkey_id>", "GET", passkeys.edit),
        ("/account/security/passkeys/<passkey_id>", "POST", passkeys.rename),
        ("/account/security/passkeys/<passkey_id>/remove", "GET", passkeys.edit),
        ("/account/security/passkeys/<passkey_id>/remove", "POST", passkeys.remove),
        ("/account/security/passkeys/<passkey_id>/use", "GET", passkeys.edit),
        ("/account/security/passkeys/<passkey_id>/use", "POST", passkeys.switch),
        ("/account/security/codes", "GET", application.recovery_code_pages.ask),
        ("/account/security/codes", "POST", application.recovery_code_pages.renew),
    ]
