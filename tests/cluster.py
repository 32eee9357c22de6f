"""The throw-away cluster of a test run: real PostgreSQL, started once, in haste because nobody will miss its data."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_twisted import blockon
from twisted.internet.defer import Deferred

from iam.embedded.supervisor import Embedded


@pytest.fixture(scope="session")
def cluster() -> Iterator[Embedded]:
    """PostgreSQL for all tests of this run: `dsn` is the application's way in, `admin_dsn` the superuser's."""
    from twisted.internet import reactor

    directory = Path(tempfile.mkdtemp(prefix="iam-tests-"))
    embedded = Embedded(reactor, directory, progress=lambda _: None, durable=False)
    blockon(Deferred.fromCoroutine(embedded.start()))
    yield embedded
    blockon(Deferred.fromCoroutine(embedded.stop()))
    shutil.rmtree(directory)
