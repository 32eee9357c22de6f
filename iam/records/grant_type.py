"""The grant types that people may give their applications, if the settings say so; iam/oauth/grant_types.py has all."""

from typing import Literal

GrantType = Literal[
    "authorization_code", "refresh_token", "client_credentials", "urn:ietf:params:oauth:grant-type:device_code"
]
