"""The pages of relying parties that end their sessions in the browser (OpenID Connect Front-Channel Logout 1.0)."""

from urllib.parse import urlencode

from attrs import frozen

from iam.clients.directory import Directory
from iam.openid.subjects import Subjects
from iam.records.client import Client
from iam.records.session import Ended


@frozen
class FrontChannel:
    """Knows which of them a logged-out page has to show."""

    directory: Directory
    subjects: Subjects
    issuer: str

    async def addresses(self, ended: Ended) -> list[str]:
        """The logout pages of the clients that know of the session."""
        clients = [await self.directory.find(client_id) for client_id in ended.client_ids]
        found = [self._address(client, ended) for client in clients if client is not None and client.enabled]
        return [address for address in found if address is not None]

    def _address(self, client: Client, ended: Ended) -> str | None:
        """The client's page, with the names of issuer and session where it wants to be told (§2)."""
        uri = client.frontchannel_logout_uri
        if uri is None or not client.frontchannel_logout_session_required:
            return uri
        told = urlencode({"iss": self.issuer, "sid": self.subjects.sid(client, ended.id)})
        separator = "?" if "?" not in uri else "" if uri.endswith(("?", "&")) else "&"
        return uri + separator + told
