"""The logout pages of relying parties, loaded by the browser (OpenID Connect Front-Channel Logout 1.0)."""

from urllib.parse import urlencode

from iam.clients.directory import Directory
from iam.openid.subjects import Subjects
from iam.records.client import Client
from iam.records.session import Ended
from iam.service import service


@service
class FrontChannel:
    """Finds the logout pages that the page shown after a logout must load."""

    directory: Directory
    subjects: Subjects
    issuer: str

    async def addresses(self, ended: Ended) -> list[str]:
        """Returns the logout pages of the enabled clients that were used in the session."""
        clients = [await self.directory.find(client_id) for client_id in ended.client_ids]
        found = [self._address(client, ended) for client in clients if client is not None and client.enabled]
        return [address for address in found if address is not None]

    def _address(self, client: Client, ended: Ended) -> str | None:
        """Returns the client's logout page, with iss and sid if it registered that it requires them (§2)."""
        uri = client.frontchannel_logout_uri
        if uri is None or not client.frontchannel_logout_session_required:
            return uri
        told = urlencode({"iss": self.issuer, "sid": self.subjects.sid(client, ended.id)})
        separator = "?" if "?" not in uri else "" if uri.endswith(("?", "&")) else "&"
        return uri + separator + told
