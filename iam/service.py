"""Objects that a server builds once, at its start, and then only uses."""

from inspect import Parameter, Signature
from typing import Any, Final, NoReturn, TypeVar, dataclass_transform

Class = TypeVar("Class", bound=type)

EITHER: Final = Parameter.POSITIONAL_OR_KEYWORD


@dataclass_transform(eq_default=False, frozen_default=True)
def service(made: Class) -> Class:
    """Gives a class an `__init__` that takes its annotated attributes, in this order; they do not change afterwards.

    attrs would write and compile code, so that objects can be compared and shown: a tenth of the start for a hundred classes.
    """
    attributes = made.__annotations__
    signature = Signature(
        [Parameter(name, EITHER, default=getattr(made, name, Parameter.empty)) for name in attributes]
    )

    def init(self: object, *given: Any, **named: Any) -> None:
        vars(self).update(signature.bind(*given, **named).arguments)

    for name, method in (("__init__", init), ("__setattr__", refuse), ("__delattr__", refuse)):
        setattr(made, name, method)
    return made


def refuse(_self: object, name: str, _value: object = None) -> NoReturn:
    """Raises AttributeError."""
    raise AttributeError(f"{name} does not change")
