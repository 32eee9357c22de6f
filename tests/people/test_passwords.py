"""Hashing and checking passwords (H15, H16)."""

import pytest
from argon2 import PasswordHasher, Type
from argon2.low_level import verify_secret
from twisted.internet import reactor
from twisted.internet.defer import Deferred, DeferredList, gatherResults

from iam.people.argon2id import NOBODY, PARAMETERS
from iam.people.passwords import Passwords
from iam.people.stored_hashes import affordable, outdated
from iam.throttles.turns import QUEUE, SHARE, Busy, Crowd


async def test_h16_a_hash_is_argon2id_with_the_parameters_of_owasp(passwords: Passwords) -> None:
    stored = await passwords.hash("blue-tractor-42")

    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert not outdated(stored)


async def test_a_password_matches_its_own_hash_only(passwords: Passwords) -> None:
    stored = await passwords.hash("blue-tractor-42")

    assert await passwords.verify(stored, "blue-tractor-42")
    assert not await passwords.verify(stored, "blue-tractor-43")
    assert not await passwords.verify(stored, "")


async def test_the_last_byte_of_a_long_password_matters(passwords: Passwords) -> None:
    stored = await passwords.hash("x" * 1023 + "y")

    assert await passwords.verify(stored, "x" * 1023 + "y")
    assert not await passwords.verify(stored, "x" * 1023 + "z")
    assert not await passwords.verify(stored, "x" * 1023 + "yy")


async def test_a_password_typed_on_another_keyboard_matches(passwords: Passwords) -> None:
    assert await passwords.verify(await passwords.hash("caf\u00e9 au lait"), "cafe\u0301 au lait")


@pytest.mark.parametrize("password", ["blue-tractor-42", "", "x" * 2000, "\udc80"])
async def test_without_a_hash_no_password_matches(passwords: Passwords, password: str) -> None:
    assert not await passwords.verify(None, password)


async def test_nobodys_hash_matches_nothing(passwords: Passwords) -> None:
    assert not await passwords.verify(NOBODY, "")
    assert not await passwords.verify(NOBODY, "\0" * 32)


@pytest.mark.parametrize(
    ("known", "password"),
    [("somebody", "wrong"), ("nobody", "wrong"), ("somebody", "x" * 2000), ("unreadable", "wrong")],
    ids=["somebody", "nobody", "a password that is too long", "a hash that is none"],
)
async def test_h15_nobody_costs_what_somebody_costs(
    passwords: Passwords, computed: list[str], known: str, password: str
) -> None:
    stored = {"somebody": await passwords.hash("blue-tractor-42"), "nobody": None, "unreadable": "$2b$12$none-of-ours"}

    assert not await passwords.verify(stored[known], password)

    assert computed == [PARAMETERS]


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The parameters of each check that argon2 computes from here on."""
    parameters: list[str] = []

    def checked(encoded: bytes, secret: bytes, kind: Type) -> bool:
        parameters.append(encoded.decode().rsplit("$", 2)[0] + "$")
        return verify_secret(encoded, secret, kind)

    monkeypatch.setattr("argon2._password_hasher.verify_secret", checked)
    return parameters


@pytest.mark.parametrize(
    "stored",
    [
        "",
        "plain",
        "$2b$12$abcdefghijklmnopqrstuv",
        NOBODY.replace("m=19456", "m=262145"),
        NOBODY.replace("m=19456", "m=99999999"),
        NOBODY.replace("t=2", "t=17"),
        NOBODY.replace("p=1", "p=9"),
        NOBODY.replace("argon2id", "argon2i"),
        NOBODY + "\n",
    ],
)
async def test_h16_a_hash_that_is_none_of_ours_or_too_costly_is_not_computed(passwords: Passwords, stored: str) -> None:
    assert not affordable(stored)
    assert not await passwords.verify(stored, "anything")


async def test_a_broken_hash_matches_nothing(passwords: Passwords) -> None:
    assert not await passwords.verify(NOBODY.replace("p=1$", "p=1$A"), "anything")


async def test_h16_hashes_with_other_parameters_still_work(passwords: Passwords) -> None:
    stored = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=2).hash("blue-tractor-42")

    assert await passwords.verify(stored, "blue-tractor-42")
    assert outdated(stored)


async def test_h16_beyond_the_queue_the_server_is_busy() -> None:
    passwords = Passwords(reactor, threads=1)
    waiting = [Deferred.fromCoroutine(passwords.verify(None, "x")) for _ in range(1 + QUEUE)]

    with pytest.raises(Busy) as refused:
        await passwords.verify(None, "x")

    assert refused.value.retry_after > 0
    assert await gatherResults(waiting) == [False] * (1 + QUEUE)
    assert not await passwords.verify(None, "x")


async def test_h16_the_queue_counts_work_whose_caller_went_away() -> None:
    passwords = Passwords(reactor, threads=1)
    waiting = [Deferred.fromCoroutine(passwords.verify(None, "x")) for _ in range(1 + QUEUE)]
    for one in waiting:
        one.addErrback(lambda _: None)
        one.cancel()

    with pytest.raises(Busy):
        await passwords.verify(None, "x")


async def test_a_new_password_is_judged(passwords: Passwords) -> None:
    assert await passwords.complaint("password") is not None
    assert await passwords.complaint("blue-tractor-42") is None
    assert await passwords.complaint("blue-tractor-42", "blue-tractor-42") is not None


async def test_a_network_has_no_more_than_its_share_of_the_queue() -> None:
    passwords = Passwords(reactor, threads=1)
    flood = [Deferred.fromCoroutine(passwords.verify(None, "x", "192.0.2.1")) for _ in range(1 + SHARE)]

    with pytest.raises(Busy):
        await passwords.verify(None, "x", "192.0.2.1")

    assert await passwords.verify(None, "x", "192.0.2.2") is False
    await gatherResults(flood)


async def test_the_network_that_was_served_longest_ago_comes_first() -> None:
    passwords = Passwords(reactor, threads=1)
    order: list[str] = []

    async def one(network: str) -> None:
        await passwords.verify(None, "x", network)
        order.append(network)

    await gatherResults([Deferred.fromCoroutine(one(network)) for network in ("a", "a", "a", "a", "b", "c")])

    assert order == ["a", "a", "b", "c", "a", "a"]


async def test_of_a_full_queue_the_network_with_most_makes_room() -> None:
    passwords = Passwords(reactor, threads=1, queue=4, share=3)
    asked = [Deferred.fromCoroutine(passwords.verify(None, "x", network)) for network in ("a", "a", "a", "a", "b")]

    other = await passwords.verify(None, "x", "c")
    outcomes = await DeferredList(asked, consumeErrors=True)

    assert other is False
    assert [good for good, _ in outcomes] == [True, True, True, False, True]


async def test_where_each_network_has_its_one_place_a_full_queue_is_full() -> None:
    passwords = Passwords(reactor, threads=1, queue=2)
    asked = [Deferred.fromCoroutine(passwords.verify(None, "x", network)) for network in ("a", "b", "c")]

    with pytest.raises(Busy):
        await passwords.verify(None, "x", "d")

    assert await gatherResults(asked) == [False] * 3


def test_of_one_network_only_so_many_are_under_way() -> None:
    crowd = Crowd(2)

    with crowd.one_of("a"), crowd.one_of("a"):
        with pytest.raises(Busy), crowd.one_of("a"):
            pass
        with crowd.one_of("b"):
            pass

    with crowd.one_of("a"), crowd.one_of("a"):
        pass
