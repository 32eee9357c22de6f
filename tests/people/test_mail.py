"""The links of mail are sealed by a key of the server."""

import pytest

from iam.people import mail
from iam.people.mail import Mails
from iam.secrets.master_key import ServerKey

LINK = "https://login.example.org/reset#iam_xx_secret"


def mails(secret: bytes = b"a server key for tests, long enough") -> Mails:
    return Mails(ServerKey(secret).derive(mail.PURPOSE))


def test_h25_a_link_is_read_by_the_key_that_sealed_it_alone() -> None:
    sealed = mails().seal(LINK)

    assert b"reset" not in sealed
    assert mails().unseal(sealed) == LINK
    assert mails(b"another key for tests, as long as that").unseal(sealed) is None


def test_no_link_is_sealed_in_the_same_way_twice() -> None:
    assert mails().seal(LINK) != mails().seal(LINK)


@pytest.mark.parametrize("sealed", [b"", b"x", bytes(12), bytes(60)], ids=["nothing", "a byte", "a nonce", "zeros"])
def test_what_was_not_sealed_is_nothing(sealed: bytes) -> None:
    assert mails().unseal(sealed) is None


def test_a_sealed_link_that_was_changed_is_nothing() -> None:
    sealed = bytearray(mails().seal(LINK))
    sealed[20] ^= 1

    assert mails().unseal(bytes(sealed)) is None
