"""The cookies change with an answer: the next step of a session's series, or none any more (docs/decisions/remembered_sessions.md)."""

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
    """What this cookie was found to stand for; None where nobody asked."""
    return request.found.get(minted.series(cookie)) if cookie else None


def over(request: Request, cookie: str) -> bool:
    """Was it found to be one that has to go?"""
    known = find(request, cookie)
    return known is not None and known.cookie is None


def renew(request: Request, answer: Answer, settings: Settings, now: datetime) -> Answer:
    """The answer, with the cookies of those sessions that were found to have other ones from now on.

    What is over is taken away at once; a new one is given with a page that was asked for, or a redirect. A cookie that the
    answer sets anyway is left alone.
    """
    if not request.found:
        return answer
    giving = request.method == b"GET" and answer.status < FAILED
    changed = (
        *renew_active(request, settings, now, giving=giving),
        *renew_others(request, settings, now, giving=giving),
    )
    said = {value.partition(b"=")[0] for name, value in answer.headers if name == b"Set-Cookie"}
    kept = tuple(header for header in changed if header[1].partition(b"=")[0] not in said)
    return evolve(answer, headers=(*answer.headers, *kept)) if kept else answer


def renew_active(request: Request, settings: Settings, now: datetime, *, giving: bool) -> Headers:
    """What changes the cookie of the session in use, if it is to change."""
    cookie = cookies.read(request, cookies.name_of(settings))
    known = find(request, cookie)
    if known is None or known.cookie == cookie:
        return ()
    if known.cookie is None:
        return (cookies.set_session(settings, "", 0),)
    account = account_of(known.cookie, known)
    return (cookies.set_session(settings, account.kept, account.age(now)),) if giving and account else ()


def renew_others(request: Request, settings: Settings, now: datetime, *, giving: bool) -> Headers:
    """What changes the cookie with the other sessions, if any of them is to change."""
    had = cookies.read_others(request, cookies.others_name_of(settings))
    secrets = keep_newest(had)
    known = [(secret, each) for secret in secrets if (each := find(request, secret))]
    if len(known) < len(secrets):
        return ()  # nobody asked for them
    lost = any(each.cookie is None for _, each in known)
    stepped = giving and any(each.session and each.cookie not in had for _, each in known)
    if not (lost or stepped):
        return ()
    living = [account for one, each in known if (account := account_of(one, each))]
    return (others_header(settings, tuple(living), now),)
