"""The settings of how strict the protocol is for all clients of a server."""

from typing import Literal

from pydantic import BaseModel, ValidationInfo, field_validator


class ProfileSettings(BaseModel):
    """These settings; `Settings` has the others."""

    implicit: bool = False
    profile: Literal["fapi2", "fapi2-signed"] | None = None

    @field_validator("profile")
    @classmethod
    def profile_alone(cls, value: str | None, info: ValidationInfo) -> str | None:
        """Refuses FAPI 2.0 beside the implicit flow, which it excludes."""
        if value is not None and info.data.get("implicit"):
            raise ValueError("allows no --implicit")
        return value
