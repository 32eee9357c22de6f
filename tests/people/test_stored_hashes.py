"""Hashes that Django has made (H16): written here by Django itself, and checked by us."""

from typing import Any

import pytest
from django.conf import settings as django
from django.contrib.auth import hashers

from iam.people import stored_hashes
from iam.people.argon2id import NOBODY
from iam.people.passwords import Passwords
from iam.people.stored_hashes import COSTLY, UNKNOWN

PASSWORD = "blue-tractor-42 \u00e9"
ALGORITHMS = ("pbkdf2_sha256", "argon2", "bcrypt_sha256", "scrypt")

if not django.configured:
    django.configure(
        PASSWORD_HASHERS=[
            f"django.contrib.auth.hashers.{name}PasswordHasher"
            for name in ("PBKDF2", "Argon2", "BCryptSHA256", "Scrypt", "MD5")
        ]
    )


@pytest.mark.parametrize("algorithm", ALGORITHMS)
async def test_h16_a_hash_by_django_matches_its_own_password_only(passwords: Passwords, algorithm: str) -> None:
    stored = hashers.make_password(PASSWORD, hasher=algorithm)

    assert stored_hashes.complaint(stored) is None
    assert stored_hashes.outdated(stored)
    assert stored_hashes.foreign(stored)
    assert await passwords.verify(stored, PASSWORD)
    assert not await passwords.verify(stored, PASSWORD + " ")
    assert not await passwords.verify(stored, "")


CHEAP = {
    "pbkdf2_sha256": (hashers.PBKDF2PasswordHasher, {"iterations": 1}),
    "argon2": (hashers.Argon2PasswordHasher, {"memory_cost": 8192, "parallelism": 1}),
    "bcrypt_sha256": (hashers.BCryptSHA256PasswordHasher, {"rounds": 4}),
    "scrypt": (hashers.ScryptPasswordHasher, {"work_factor": 2**10, "parallelism": 1}),
}


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("password", ["cafe\u0301 au lait", "x" * 200 + "y", "\u044f" * 100])
async def test_what_django_took_as_it_was_typed_matches_as_it_is_typed(
    passwords: Passwords, algorithm: str, password: str
) -> None:
    written, costs = CHEAP[algorithm]
    hasher: Any = type(algorithm, (written,), costs)()
    stored = hasher.encode(password, hasher.salt())

    assert await passwords.verify(stored, password)
    assert not await passwords.verify(stored, password[:-1])


SALT = "kRvY2mT9"
SCRYPT = "A" * 86 + "=="


@pytest.mark.parametrize(
    ("stored", "sentence"),
    [
        (f"pbkdf2_sha256$3000001${SALT}${'A' * 43}=", COSTLY),
        (f"pbkdf2_sha256$99999999${SALT}${'A' * 43}=", COSTLY),
        (f"bcrypt_sha256$$2b$14${'A' * 53}", COSTLY),
        (f"bcrypt_sha256$$2b$31${'A' * 53}", COSTLY),
        (f"scrypt$65536${SALT}$8$5${SCRYPT}", COSTLY),
        (f"scrypt$2${SALT}$1048576$1${SCRYPT}", COSTLY),
        (f"scrypt$1048576${SALT}$2$1${SCRYPT}", COSTLY),
        ("argon2" + NOBODY.replace("m=19456", "m=262145"), COSTLY),
        (NOBODY.replace("t=2", "t=17"), COSTLY),
        ("argon2" + NOBODY.replace("argon2id", "argon2i"), UNKNOWN),
        ("argon2argon2" + NOBODY, UNKNOWN),
        (f"pbkdf2_sha256$0${SALT}${'A' * 43}=", UNKNOWN),
        (f"pbkdf2_sha256$1000${SALT}${'A' * 43}=\n", UNKNOWN),
        (f"pbkdf2_sha256$1000$${'A' * 43}=", UNKNOWN),
        (f"bcrypt_sha256$$2b$03${'A' * 53}", UNKNOWN),
        (f"bcrypt$$2b$12${'A' * 53}", UNKNOWN),
        (f"pbkdf2_sha1$1000${SALT}${'A' * 27}=", UNKNOWN),
        ("md5$salt$5f4dcc3b5aa765d61d8327deb882cf99", UNKNOWN),
        ("!unusable", UNKNOWN),
        ("", UNKNOWN),
    ],
)
async def test_h16_a_hash_that_is_unknown_or_too_costly_is_refused_and_not_computed(
    passwords: Passwords, stored: str, sentence: str
) -> None:
    assert stored_hashes.complaint(stored) == sentence
    assert not await passwords.verify(stored, PASSWORD)


async def test_a_cost_that_scrypt_does_not_know_matches_nothing(passwords: Passwords) -> None:
    assert not await passwords.verify(f"scrypt$1000${SALT}$8$1${SCRYPT}", PASSWORD)
    assert not await passwords.verify(f"scrypt$1${SALT}$8$1${SCRYPT}", PASSWORD)


async def test_a_bcrypt_hash_whose_salt_is_none_matches_nothing(passwords: Passwords) -> None:
    assert not await passwords.verify(f"bcrypt_sha256$$2b$04${'/' * 53}", PASSWORD)
