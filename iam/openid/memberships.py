"""The claims `groups` and `roles`: which groups a person is in, and which roles they have in a client."""

from collections.abc import Collection
from uuid import UUID

from attrs import frozen

from iam.openid import claims
from iam.records.client import Client
from iam.records.client_metadata import BY_SCOPES
from iam.store.roles import Roles
from iam.store.scopes import Scopes


@frozen
class Memberships:
    """Reads the claims, in a statement of their own that runs only where they are wanted."""

    table: Roles
    scopes: Scopes

    async def tell(self, client: Client, user_id: UUID, wanted: Collection[str]) -> dict[str, object]:
        """Returns those of the claims that are wanted; a person without groups or roles has an empty list."""
        if not wanted:
            return {}
        groups, roles = await self.table.memberships(user_id, client.id)
        return {name: value for name, value in {"groups": groups, "roles": roles}.items() if name in wanted}

    async def tell_at_resources(self, client: Client | None, user_id: UUID | None, scope: str) -> dict[str, object]:
        """Returns the claims for an access token of this scope, as its client is set (RFC 9068 §2.2.3.1)."""
        if client is None or user_id is None or client.access_token_claims != BY_SCOPES:
            return {}
        return await self.tell(client, user_id, claims.list_derived(await self.scopes.all(), scope.split(" ")))
