"""docs/reference/schema.sql is what all migrations together make."""

from iam.embedded.supervisor import Embedded
from tests import schema
from tests.databases import make_database


def test_the_written_schema_is_that_of_a_migrated_database(cluster: Embedded) -> None:
    assert schema.FILE.read_text() == schema.dump(make_database(cluster)), "the schema has changed: run make schema"
