"""Device codes: what devices ask for, until somebody decides and the device has heard of it (RFC 8628).

What a person allows lies in `authorization_codes`, under the digest of the device code (`AuthorizationCodes.approve`).
"""

from datetime import datetime, timedelta
from typing import Final

from attrs import asdict, frozen

from iam.database.database import Database
from iam.database.inputs import fit
from iam.records.actor import By
from iam.records.device_request import DeviceRequest

SLOWER: Final = 5  # seconds that a device waits longer after each poll that came too early (RFC 8628 §3.5)
KEPT: Final = timedelta(hours=1)  # that a request is kept after its end, so that its device hears of that
SWEPT: Final = 1000  # rows in one statement

BEGIN: Final = """
insert into device_codes
    (digest, day, user_code, client_id, scope, resources, address, user_agent, asked_at, expires_at, pause)
values (%(digest)s, %(day)s, %(user_code)s, %(client_id)s, %(scope)s, %(resources)s, %(address)s, %(user_agent)s,
    %(asked_at)s, %(expires_at)s, %(pause)s)
on conflict (user_code) do nothing returning digest
"""

FIND: Final = """
select digest, day, client_id, scope, resources, address, user_agent, asked_at, expires_at from device_codes
where user_code = %(user_code)s and expires_at > %(now)s and allowed is null
"""

DENY: Final = """
update device_codes set allowed = false
where digest = %(digest)s and expires_at > %(now)s and allowed is null
returning audited('device.denied', %(now)s, %(actor)s, %(address)s, subject => %(subject)s, client => client_id,
    detail => jsonb_strip_nulls(jsonb_build_object('device', device_codes.address)))
"""


@frozen
class PollDevice:
    """A device code that a client presents."""

    digest: bytes
    client_id: str
    now: datetime


# A poll of a request that waits for its person moves the next one; any other changes nothing.
POLL: Final = fit(
    PollDevice,
    """
with input as materialized (
    select * from {input}
), held as materialized (
    select i.n, i.now, i.client_id as asking, d.*
    from input i join device_codes d on d.digest = i.digest
    order by d.digest for update of d
), judged as materialized (
    select h.n, h.now, h.digest, h.pause, h.refreshes, case
        when h.client_id <> h.asking then 'other client'
        when h.allowed then 'allowed'
        when not h.allowed then 'denied'
        when h.expires_at <= h.now then 'expired'
        when h.poll_at > h.now then 'early'
        else 'pending'
    end as outcome
    from held h
), moved as (
    update device_codes d
    set pause = least(j.pause + s.more, 3600), poll_at = j.now + make_interval(secs => j.pause + s.more - 1)
    from judged j cross join lateral (select case j.outcome when 'early' then {slower} else 0 end as more) s
    where d.digest = j.digest and j.outcome in ('early', 'pending')
)
select n, outcome, refreshes from judged
""",
    slower=str(SLOWER),
)

SWEEP: Final = """
with gone as (
    delete from device_codes where digest in (
        select digest from device_codes where expires_at < %(before)s limit %(most)s for update skip locked
    ) returning 1
)
select count(*) from gone
"""


@frozen
class Poll:
    """What became of what a device asked for; an allowed one `refreshes` unless its person declined that."""

    outcome: str
    refreshes: bool = False


class DeviceCodes:
    """The table of device codes."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._poll = database.statement("device_codes_poll", PollDevice, POLL)

    async def begin(self, request: DeviceRequest, user_code: bytes, pause: int) -> bool:
        """Stores what a device asks for, under the digest of its user code. Returns False if that is taken."""
        told = {**asdict(request), "resources": list(request.resources), "user_code": user_code, "pause": pause}
        return bool(await self._database.query(BEGIN, told))

    async def find(self, user_code: bytes, now: datetime) -> DeviceRequest | None:
        """Returns what is asked for under this digest of a user code, if nobody has decided about it."""
        rows = await self._database.query(FIND, {"user_code": user_code, "now": now})
        return DeviceRequest(bytes(rows[0][0]), *rows[0][1:]) if rows else None

    async def deny(self, digest: bytes, subject: str, now: datetime, by: By) -> bool:
        """Notes that this person does not allow it. Returns False if it ended, or somebody has decided."""
        told = {"digest": digest, "subject": subject, "now": now, **by.columns}
        return bool(await self._database.query(DENY, told))

    async def poll(self, asking: PollDevice) -> Poll:
        """Returns what became of it; of several polls at a time of one code, one after the other is answered."""
        row = await self._poll(asking)
        return Poll(*row) if row else Poll("unknown")

    async def sweep(self, now: datetime) -> int:
        """Deletes some of those that ended a while ago, and returns how many."""
        rows = await self._database.query(SWEEP, {"before": now - KEPT, "most": SWEPT})
        return int(rows[0][0])
