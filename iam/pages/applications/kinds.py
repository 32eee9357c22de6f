"""What an application is, with which its registration begins, and what follows from that for its form."""

from collections.abc import Sequence
from typing import Final

from attrs import frozen

from iam.clients.registrants import Registrant
from iam.http.parameters import ParameterError, query_parameters
from iam.http.request import Request
from iam.oauth.grant_types import AUTHORIZATION_CODE, CLIENT_CREDENTIALS, DEVICE_CODE, REFRESH_TOKEN
from iam.oauth.scopes import DEFAULT
from iam.pages.applications.form import CONFIDENTIAL, PUBLIC, SCOPES, USUAL, ApplicationForm

PARAMETER: Final = "type"  # of the address of the form


@frozen
class ApplicationKind:
    """A kind of applications: its label and hint, the choices that its form begins with, and the grant type it needs."""

    name: str
    label: str
    hint: str
    client_type: str
    grant_types: Sequence[str]
    scopes: Sequence[str]
    needs: str = AUTHORIZATION_CODE

    def form(self) -> ApplicationForm:
        """Returns the form of a new application of this kind."""
        form = ApplicationForm()
        form.client_type.data = self.client_type
        form.grant_types.data, form.scopes.data = list(self.grant_types), list(self.scopes)
        return form


KINDS: Final = (
    ApplicationKind(
        "web",
        "A web application",
        "It runs on a server. People log in to it with a browser.",
        CONFIDENTIAL,
        USUAL["grant_types"],
        SCOPES,
    ),
    ApplicationKind(
        "app",
        "A browser or mobile app",
        "It runs on people's own devices, and cannot keep a secret.",
        PUBLIC,
        (AUTHORIZATION_CODE, REFRESH_TOKEN),
        SCOPES,
    ),
    ApplicationKind(
        "service",
        "A service without people",
        "It acts for itself. Nobody logs in to it.",
        CONFIDENTIAL,
        (CLIENT_CREDENTIALS,),
        DEFAULT,
        CLIENT_CREDENTIALS,
    ),
    ApplicationKind(
        "device",
        "A device, or a program without a browser",
        "It shows a code, and people allow it on another device.",
        PUBLIC,
        (DEVICE_CODE, REFRESH_TOKEN),
        SCOPES,
        DEVICE_CODE,
    ),
)


def offered(registrant: Registrant) -> list[ApplicationKind]:
    """Returns the kinds of applications that this registrant may register."""
    return [kind for kind in KINDS if registrant.may_use(kind.needs)]


def chosen(request: Request, registrant: Registrant) -> ApplicationKind:
    """Returns the kind that the address names, if the registrant may have it; else the first one."""
    try:
        name = query_parameters(request).get(PARAMETER)
    except ParameterError:
        name = None
    return next((kind for kind in offered(registrant) if kind.name == name), KINDS[0])
