"""What the API refuses (RFC 9457), in the words that the same command has on the server's machine."""

from typing import Final

import click

from iam.administration.actions.action import LONG_AGO
from iam.commands.afar.exchange import Reply, no_iam

ENDED: Final = "The login at {0} has ended, or was taken back. Log in again: iam login --server {0}"
NOT_LOGGED_IN: Final = "Nobody is logged in at {0} here. Log in: iam login --server {0}"
AGAIN: Final = "This wants a login of the last ten minutes. Log in again: iam login --server {0}"
LACKING: Final = (
    "The login at {0} lacks the scope {1}. If you may have it, log in again with it: iam login --server {0}"
)
LATER: Final = "{} Try again in {} seconds."
UNAUTHORIZED: Final = 401
TOO_OLD: Final = "insufficient_user_authentication"  # RFC 9470 §3
TOO_LITTLE: Final = "insufficient_scope"  # RFC 6750 §3.1


def refused(reply: Reply, server: str) -> click.ClickException:
    """Returns the error that an answer stands for, with what to do."""
    problem = reply.document()
    if problem is None or not isinstance(problem.get("detail"), str):
        return no_iam(server)
    if reply.status == UNAUTHORIZED and problem.get("error") != TOO_OLD:
        return click.ClickException(ENDED.format(server))
    told = " ".join([str(problem["detail"]), *complaints(problem)])
    if problem.get("error") == TOO_LITTLE:
        told = LACKING.format(server, problem.get("scope"))
    elif problem.get("error") == TOO_OLD or told == LONG_AGO:
        told = AGAIN.format(server)
    wait = reply.headers.get("Retry-After")
    return click.ClickException(LATER.format(told, wait) if wait else told)


def complaints(problem: dict[str, object]) -> list[str]:
    """Returns the sentences about single members that the problem itself does not have in its own."""
    errors, detail = problem.get("errors"), str(problem["detail"])
    found = [each for each in errors if isinstance(each, dict)] if isinstance(errors, list) else []
    return [
        f"{str(each.get('parameter') or each.get('pointer', '')).removeprefix('#/')}: {each['detail']}"
        for each in found
        if isinstance(each.get("detail"), str) and each["detail"] not in detail
    ]
