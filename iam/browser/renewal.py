"""Changes session cookies with an answer: to the next step, or removed (docs/decisions/remembered_sessions.md)."""

from datetime import datetime

from attrs import evolve

from iam.browser import cookies
from iam.browser.accounts import account_of, keep_newest, others_header
from iam.http.answers import Answer, Headers
from iam.http.request import Request
from iam.records.session import RecognisedSession
from iam.secrets import minted
from iam.settings import Settings

FAILED = 400


def find(request: Request, cookie: str | None) -> RecognisedSession | None:
    """Returns what this cookie was found to stand for; None if it was not looked up."""
    return request.found.get(minted.series(cookie)) if cookie else None


def over(request: Request, cookie: str) -> bool:
    """Whether this cookie was looked up and must be removed."""
    known = find(request, cookie)
    return known is not None and known.cookie is None


def renew(request: Request, answer: Answer, settings: Settings, now: datetime) -> Answer:
    """Returns the answer with the cookies of the sessions whose cookies change.

    Dead cookies are removed with any answer; new ones are set only with a page or redirect that answers a GET. Cookies
    that the answer sets itself are left alone.
    """
    giving = request.method == b"GET" and answer.status < FAILED
    changed = (
        *renew_active(request, settings, now, giving=giving),
        *renew_others(request, settings, now, giving=giving),
    )
    said = {value.partition(b"=")[0] for name, value in answer.headers if name == b"Set-Cookie"}
    kept = tuple(header for header in changed if header[1].partition(b"=")[0] not in said)
    return evolve(answer, headers=(*answer.headers, *kept)) if kept else answer


def renew_active(request: Request, settings: Settings, now: datetime, *, giving: bool) -> Headers:
    """Returns the header that changes the active session's cookie, if it has to change."""
    cookie = cookies.read(request, cookies.name_of(settings))
    known = find(request, cookie)
    if known is None or known.cookie == cookie:
        return ()
    if known.cookie is None:
        return (cookies.set_session(settings, "", 0),)
    account = account_of(known.cookie, known)
    return (cookies.set_session(settings, account.kept, account.age(now)),) if giving and account else ()


def renew_others(request: Request, settings: Settings, now: datetime, *, giving: bool) -> Headers:
    """Returns the header that changes the cookie with the other sessions, if any of them has to change."""
    had = cookies.read_others(request, cookies.others_name_of(settings))
    secrets = keep_newest(had)
    known = [(secret, each) for secret in secrets if (each := find(request, secret))]
    if len(known) < len(secrets):
        return ()  # they were not all looked up
    lost = any(each.cookie is None for _, each in known)
    stepped = giving and any(each.session and each.cookie not in had for _, each in known)
    if not (lost or stepped):
        return ()
    living = [account for one, each in known if (account := account_of(one, each))]
    return (others_header(settings, tuple(living), now),)
