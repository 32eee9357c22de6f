"""Dated texts that only our servers write: servers of two versions read each other's, so their bytes stay as they are."""

from datetime import UTC, datetime

import pytest

from iam.browser import csrf
from iam.browser.interactions import LOGIN, Interactions
from iam.clock import Clock
from iam.pages.applications.pending_secret import Issuer
from iam.secrets import signed
from iam.secrets.master_key import ServerKey

NOW = datetime(2026, 3, 4, 5, 6, 7, 890123, tzinfo=UTC)
FORM = "1772600767.bMBUq7iyASZiHPtKuElXr-2SO4tMs9PjfVzAGtUkp2g"
SHOWING = "1772600767.ii0Lh-jHEsyOBsXD-N5ef53I7cygMHmnrsDLZDYpSSc.HBqz9n9tFy8J_3YNLlu8DymbPB-evJh_A0jKzx29vHM"
MARK = "1772600767.8Fi6xZlFiw4609f-XshUicfOK6AsoYFyKLmrvbkhztA"
TICKET = f"1772600767.{'A' * 43}.c0b31d86dab7c9b58fe3f0ec5eec3d707f001e93bb2b073b5813c1966ab924aa"
SECRET = "iam_cs_hHCGNTte7uocI6t0rqy5hOeXltENlFTR6FpSNTWfCSV_0vM7Y6"


def test_the_token_of_a_form_is_written_as_ever() -> None:
    assert csrf.token("cookie", "consent", NOW) == FORM
    assert csrf.token("cookie", "consent", NOW, csrf.digest("read")) == SHOWING


def test_the_mark_on_an_address_is_written_as_ever() -> None:
    marked = Interactions(bytes(32), Clock(NOW.timestamp)).mark("/authorize?client_id=x", LOGIN, "cookie")

    assert marked == f"/authorize?client_id=x&iam_interaction={MARK}"


def test_a_pending_secret_is_known_again_by_its_ticket_as_ever() -> None:
    pending = Issuer(ServerKey(b"secret" * 8)).recognise(TICKET, "alice", NOW)

    assert (pending.ticket, pending.client_id, pending.secret) == (TICKET, "2h12z2RzwpbeL7Lj5mESbu", SECRET)


@pytest.mark.parametrize("text", ["", ".", "x.y", "-1.x", "\u0661.x", "1234567890123.x", " 1.x", "1\n.x"])
def test_a_text_that_does_not_begin_with_a_second_has_none(text: str) -> None:
    assert signed.second(text) is None
