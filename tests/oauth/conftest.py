"""What the tests of the gaps ask of the tables."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.harness import Server


@pytest.fixture
def issued(server: Server, admin: Any) -> Callable[[], int]:
    """How many codes and tokens have been given so far."""

    def count() -> int:
        admin.execute(
            "select (select count(*) from authorization_codes) + (select count(*) from access_tokens)"
            " + (select count(*) from refresh_tokens)"
        )
        return int(admin.fetchone()[0])

    return count
