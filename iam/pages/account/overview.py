"""The first page of an account, which says what matters at a glance and leads to the others."""

from datetime import timedelta

from iam.http.answers import Answer
from iam.http.request import Request
from iam.pages.account.holders import Holders
from iam.people.factors.passkeys import Passkeys
from iam.service import service
from iam.settings import Settings
from iam.store.store import Store


@service
class Overview:
    """The page /account: who is logged in, and what they can look after."""

    holders: Holders
    passkeys: Passkeys
    store: Store
    settings: Settings

    async def show(self, request: Request) -> Answer:
        """Shows it."""
        session = await self.holders.session(request)
        user_id, now, store = session.user_id, self.holders.visitors.clock.now(), self.store
        idle_since = now - timedelta(seconds=self.settings.session_idle)
        return self.holders.page(
            "account.html",
            session,
            wanted=await self.passkeys.wanted(user_id),
            delete_at=await store.deletions.planned(user_id),
            allowed=len(await store.consents.of_person(user_id, now)),
            logins=len(await store.own_sessions.of_person(user_id, now, idle_since)),
            groups=await store.groups.owned_by(user_id),
            factors=bool(await self.holders.factors.of(user_id)),
        )
