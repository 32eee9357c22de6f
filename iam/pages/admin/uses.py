"""What the page of an application says of who uses it."""

from typing import cast

from iam.administration.actions.application import Application
from iam.administration.actions.models import Model
from iam.administration.actions.operator import Operator
from iam.administration.administration import Administration
from iam.records.numbers import Uses


async def of_application(on: Administration, shown: Model, _: Operator) -> Uses:
    """Returns how much an application is used, in numbers that name nobody."""
    return await on.store.application_uses.of_client(cast("Application", shown).client_id, on.clock.now())
