"""What clients saw, and whether that can be: the invariants I1 to I14."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from attrs import asdict, field, frozen

OK: Final = "ok"
REFUSED: Final = "refused"
UNKNOWN: Final = "unknown"  # no answer, or one that promises nothing: 5xx, a connection that broke
CLOCKS: Final = 1.0  # seconds by which what a server says of a token's end may be off
HEARD: Final = 1.0  # seconds until the other server knows of a changed client
LATE: Final = 1.0  # seconds that a request of a client who hung up may still be on its way to the server
DEAF: Final = 7.0  # the same while listening connections may be broken

REDEEM, REFRESH, REVOKE = "redeem", "refresh", "revoke"
INTROSPECT, USE, PROBE = "introspect", "use", "probe"
ROTATE, AUTHENTICATE = "rotate", "authenticate"
PROVE: Final = "prove"
PUSH, OPEN = "push", "open"
ADMIT: Final = "admit"
READS: Final = (INTROSPECT, USE)


@frozen
class Operation:
    """One call of one client: which family of tokens it is about, with what, when by the driver's clock, and what came."""

    kind: str
    family: str
    key: str  # the code, token or secret that was presented
    begin: float
    end: float
    result: str
    output: dict[str, Any] = field(factory=dict)


@frozen
class Family:
    """Whose tokens these are."""

    code: str
    client_id: str
    user_id: str


def write(path: Path, operations: Iterable[Operation]) -> None:
    """Append operations, one line each."""
    with path.open("a") as file:
        file.writelines(json.dumps(asdict(each)) + "\n" for each in operations)


def violations(families: dict[str, Family], operations: list[Operation]) -> Iterator[str]:
    """Everything in this history that cannot be."""
    of_family: dict[str, list[Operation]] = defaultdict(list)
    for operation in sorted(operations, key=lambda each: each.begin):
        of_family[operation.family].append(operation)
    for name, family in families.items():
        for sentence in Life(family, of_family[name]).violations():
            yield f"{name}: {sentence}"
    yield from secrets(of_family["secrets"])
    yield from proofs(of_family["proofs"])
    yield from handles(of_family["handles"])
    yield from documents(of_family["documents"])


class Life:
    """The history of one family."""

    def __init__(self, family: Family, operations: list[Operation]) -> None:
        self.family = family
        self.operations = operations
        self.of_kind: dict[str, list[Operation]] = defaultdict(list)
        self.successors: dict[str, set[str]] = defaultdict(set)
        for each in operations:
            self.of_kind[each.kind].append(each)
            if each.kind == REFRESH and each.result == OK:
                self.successors[each.key].add(each.output["refresh_token"])
        self.causes = list(self.deaths())

    def deaths(self) -> Iterator[Operation]:
        """The operations that may end this family: revocation, a code used again, an old refresh token."""
        yield from self.of_kind[REVOKE]
        yield from self.of_kind[REDEEM][1:]
        yield from self.reuses()

    def reuses(self) -> Iterator[Operation]:
        """Refreshes with a token whose successor may have been used before."""
        used = {each.key: each for each in reversed(self.of_kind[REFRESH])}  # the first use of each token
        for each in self.of_kind[REFRESH]:
            later = [used[token] for token in self.successors[each.key] if token in used]
            late = each.end + (LATE if each.result == UNKNOWN else 0)
            if any(use.begin < late for use in later):
                yield each

    def may_be_dead(self, operation: Operation) -> bool:
        """Has anything begun before the end of this operation that may end the family?"""
        return any(cause.begin < operation.end for cause in self.causes if cause is not operation)

    def violations(self) -> Iterator[str]:
        yield from self.once()
        yield from self.one_successor()
        yield from self.durable()
        yield from self.final()
        yield from self.unmixed()
        yield from self.settled()

    def once(self) -> Iterator[str]:
        """I1, I2: a code wins once."""
        won = [each for each in self.of_kind[REDEEM] if each.result == OK]
        if len(won) > 1:
            yield f"I1 the code won {len(won)} times"
        for each in self.of_kind[REDEEM]:
            if each.result == OK and any(other.end < each.begin and other.result == OK for other in won):
                yield "I2 the code won after it had won"

    def one_successor(self) -> Iterator[str]:
        """I3: a refresh token has one successor; an old one has none any more."""
        for token, successors in self.successors.items():
            if len(successors) > 1:
                yield f"I3 the refresh token {token[:12]} has {len(successors)} successors"
        first_use = {}
        for each in self.of_kind[REFRESH]:
            if each.result == OK:
                first_use.setdefault(each.key, each)
        for each in self.of_kind[REFRESH]:
            if each.result != OK:
                continue
            for successor in self.successors[each.key]:
                use = first_use.get(successor)
                if use is not None and use.end < each.begin:
                    yield "I3 an old refresh token won again"

    def durable(self) -> Iterator[str]:
        """I5: what was given is good until something ends it: nobody is logged out by an answer that was lost."""
        for each in self.operations:
            if each.result != REFUSED or each.kind in (REVOKE, PROBE):
                continue
            if each.kind == REDEEM:
                if not any(other.begin < each.end for other in self.of_kind[REDEEM] if other is not each):
                    yield "I5 a code was refused that nobody had used"
            elif each.kind == REFRESH and each in self.causes:
                continue
            elif not self.may_be_dead(each) and not (each.kind in READS and expired(each)):
                yield f"I5 {each.kind} was refused, and nothing had ended the family"

    def final(self) -> Iterator[str]:
        """I2, I3, I6: what has ended stays ended, on every server."""
        ended = [each for each in self.of_kind[REVOKE] if each.result == OK]
        won = [each for each in self.of_kind[REDEEM] if each.result == OK]
        ended += [
            each
            for each in self.of_kind[REDEEM]
            if each.result == REFUSED and any(other.end < each.begin for other in won)
        ]
        ended += [each for each in self.reuses() if each.result == REFUSED]
        if not ended:
            return
        over = min(each.end for each in ended)
        for each in self.operations:
            if each.kind in (*READS, REFRESH) and each.result == OK and each.begin > over:
                yield f"I6 {each.kind} went well after the family had ended"

    def unmixed(self) -> Iterator[str]:
        """I8, I9, I10: answers are about this family, and about tokens that have not expired."""
        for each in self.of_kind[INTROSPECT]:
            if each.result != OK:
                continue
            told = each.output
            if (told["client_id"], told["sub"]) != (self.family.client_id, self.family.user_id):
                yield "I10 an answer about somebody else"
            if told["scope"] != "read write":
                yield "I8 a token with a scope that nobody granted"
            if each.begin > each.output["ends"] + CLOCKS:
                yield "I9 a token was good after it had expired"

    def settled(self) -> Iterator[str]:
        """I4, I7: in the end at most one refresh token is current, and to ask twice is to hear the same."""
        told: dict[str, set[str]] = defaultdict(set)
        for each in self.of_kind[PROBE]:
            told[each.key].add(each.result)
        for results in told.values():
            if len(results - {UNKNOWN}) > 1:
                yield "I7 the same question has two answers"
        current = [token for token, results in told.items() if OK in results]
        if len(current) > 1:
            yield f"I4 {len(current)} refresh tokens are current"


def expired(operation: Operation) -> bool:
    """May the token that was presented have been past its end?"""
    lives = operation.output.get("lives")
    return lives is not None and operation.end > lives - CLOCKS


def proofs(operations: list[Operation]) -> Iterator[str]:
    """I11: a proof of a key is good once, whichever servers it is sent to; one whose answer was lost may have been."""
    won = Counter(each.key for each in operations if each.kind == PROVE and each.result == OK)
    for proof, times in won.items():
        if times > 1:
            yield f"proofs: I11 the proof {proof} was good {times} times"
    unclear = {each.key for each in operations if each.kind == PROVE and each.result == UNKNOWN}
    for proof in {each.key for each in operations if each.kind == PROVE} - won.keys() - unclear:
        yield f"proofs: I11 the proof {proof} was never good"


def secrets(operations: list[Operation]) -> Iterator[str]:
    """A client's secret that was replaced is refused everywhere within the time that it takes to hear of it."""
    replaced = {each.key: each for each in operations if each.kind == ROTATE and each.result == OK}
    for each in operations:
        change = replaced.get(each.key)
        if each.kind == AUTHENTICATE and each.result == OK and change is not None:
            patience = DEAF if each.output["deaf"] else HEARD
            if each.begin > change.end + patience:
                yield f"secrets: I6 a secret was good {each.begin - change.end:.1f} s after it had been replaced"


def handles(operations: list[Operation]) -> Iterator[str]:
    """I11: the handle of a pushed request is opened in one browser, and in the first that brings it."""
    opened: dict[str, list[Operation]] = defaultdict(list)
    for each in operations:
        if each.kind == OPEN:
            opened[each.key].append(each)
    for key, tries in opened.items():
        won = sum(each.result == OK for each in tries)
        if won > 1:
            yield f"handles: I11 {key[-6:]} was opened in {won} browsers"
        if all(each.result == REFUSED for each in tries) and not expired(tries[0]):
            yield f"handles: I11 {key[-6:]} was refused, and nobody had opened it"


def documents(operations: list[Operation]) -> Iterator[str]:
    """I13, I14: no document is let in that names another client, and none of a host while that is disabled."""
    for each in operations:
        if each.kind == ADMIT and each.result == OK and each.output["wrong"]:
            yield f"documents: {each.output['wrong']} {each.key[-6:]} was let in"
