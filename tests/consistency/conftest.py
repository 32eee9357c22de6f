"""The mortal PostgreSQL of tests/faults, and its lines."""

from tests.faults.conftest import born, breed, line, mortal

__all__ = ["born", "breed", "line", "mortal"]
