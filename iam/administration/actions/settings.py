"""What can be read of the settings: those in force on the server that answers."""

from typing import Final

from pydantic import Field

from iam.administration import settings
from iam.administration.actions.action import Action
from iam.administration.actions.models import Listing, Model, Page
from iam.administration.actions.operator import Operator
from iam.administration.actions.paging import part
from iam.administration.actions.readers import AUDITORS
from iam.administration.administration import Administration
from iam.administration.settings import SettingInForce, Value
from iam.records.invalid import Missing


class ShownSetting(Model):
    """A setting in force on the server that answers; of what may hold a secret, only whether it is set."""

    name: str = Field(description="As in the file of --config; the limits begin with `limit `.")
    value: Value = Field(description="Null where nothing is set; an address is without its user and its query.")
    source: str = Field(description="Where it comes from: `command line`, `environment`, `file` or `default`.")
    variable: str = Field(description="The variable that sets it in the environment.")
    meaning: str

    @classmethod
    def of(cls, told: SettingInForce) -> "ShownSetting":
        """Returns what is said about this setting."""
        return cls(name=told.name, value=told.value, source=told.source, variable=told.variable, meaning=told.meaning)


class NamedSetting(Model):
    """A setting, by its name."""

    setting: str = Field(min_length=1, description="The name of the setting.")


async def list_settings(on: Administration, wish: Listing, _: Operator) -> Page[ShownSetting]:
    """Lists the settings by name. Raises Invalid."""
    found, following = part(settings.in_force(on.settings), wish, lambda each: each.name)
    return Page[ShownSetting](items=list(map(ShownSetting.of, found)), next=following)


async def show(on: Administration, wish: NamedSetting, _: Operator) -> ShownSetting:
    """Returns the setting. Raises Missing."""
    for each in settings.in_force(on.settings):
        if each.name == wish.setting:
            return ShownSetting.of(each)
    raise Missing({"setting": f"There is no setting {wish.setting}."})


LIST: Final = Action(
    "setting.list",
    "List the settings in force on the server that answers, and where each comes from; secrets are not shown.",
    "GET",
    "/settings",
    Listing,
    Page[ShownSetting],
    list_settings,
    roles=AUDITORS,
)
SHOW: Final = Action(
    "setting.show",
    "Show a setting in force on the server that answers.",
    "GET",
    "/settings/{setting}",
    NamedSetting,
    ShownSetting,
    show,
    roles=AUDITORS,
)

ACTIONS: Final = (LIST, SHOW)
