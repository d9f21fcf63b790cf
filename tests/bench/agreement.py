"""Whether ledger, record and decision agree: python -m tests.bench.agreement [calls] [seed] [seconds]

Random calls from the first rules to after the last ones, most of them at hours at which calls are allowed, to few enough
persons that limits are met. Each is decided, asked of an embedded ledger in a temporary file, decided again with what
it said, written as a record line, read back and decided from that line. Beside it a plain list of attempts is kept.
Persons refuse, agree and take back between the calls; some answers never come, some attempts are repeated or released.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime
from math import floor
from pathlib import Path
from typing import Final

import msgspec

from proxy.b2bua.outputs import DecisionRecord
from proxy.policy.decide import decide
from proxy.policy.decision import Action, Decision
from proxy.policy.directory import METHODS, MODES, PURPOSES
from proxy.policy.edition import Edition
from proxy.policy.facts import CallFacts, TrunkFacts
from proxy.policy.gather import gather
from proxy.policy.inquiry import SAME_ATTEMPT_SECONDS, Inquiry, PersonState, would_reserve
from proxy.policy.ledger import EMPTY, EXPIRED, LedgerView
from proxy.runtime.edition_file import load_edition
from proxy.runtime.record_facts import ledger_of
from proxy.runtime.record_lines import Lines
from proxy.runtime.record_shapes import DecisionLine
from proxy.runtime.replay_command import Replay, is_same
from proxy.runtime.store.embedded import EmbeddedLedger
from proxy.runtime.store.interface import ATTEMPTS_KEPT, SLOT_MOST, Consent
from proxy.runtime.store.person_keys import AttemptKey, PersonKeys
from tests.runtime.recorded import Dice
from tests.runtime.store.histories import STATE_FIELDS

CONFIG: Final = Path(__file__).parents[2] / "config"
FIRST: Final = datetime(2021, 2, 1, tzinfo=UTC).timestamp()
LAST: Final = datetime(2027, 2, 1, tzinfo=UTC).timestamp()
DAY: Final = 86_400
TOGETHER: Final = 64  # calls of one ask
PERSONS: Final = 120  # for a million calls
CALLERS: Final = {"acme": "0162000001", "medirappel": "0270100001", "sonda": "0424100001"}

Entry = tuple[int, str, str]


class Book:
    """The attempts as a plain list each, the refusals as a number each."""

    def __init__(self) -> None:
        self.attempts: dict[tuple[str, str], list[Entry]] = {}
        self.refusals: dict[tuple[str, str], float] = {}

    def ask(self, asked: Inquiry, state: PersonState) -> bool:
        """Whether the ledger's state is what the lists say; counts what the ledger says it counted."""
        now, pair = floor(asked.at), (asked.customer, asked.person)
        kept = [entry for entry in self.attempts.get(pair, []) if entry[0] > now - ATTEMPTS_KEPT]
        others = [entry for entry in kept if not is_same_attempt(entry, asked)] if kept else kept
        window = [entry[0] for entry in others if entry[0] >= asked.window_start]
        own = [entry[0] for entry in others if entry[2] == asked.campaign]
        known = len(others) < len(kept)
        agreed = (state.attempts, state.first_attempt, state.last_attempt, state.campaign_attempts) == (
            len(window), min(window, default=0), max(window, default=0), len(own),
        ) and state.refusal_at == self.refusals.get(pair, 0.0)  # fmt: skip
        agreed &= state.reserved == (known or would_reserve(asked, state))
        if state.reserved and not known:
            kept.append((now, asked.attempt, asked.campaign))
        self.attempts[pair] = kept
        return agreed

    def release(self, asked: Inquiry) -> None:
        """The attempt does not count."""
        pair = (asked.customer, asked.person)
        self.attempts[pair] = [entry for entry in self.attempts.get(pair, []) if not is_same_attempt(entry, asked)]


def is_same_attempt(entry: Entry, asked: Inquiry) -> bool:
    """Whether it is the same attempt."""
    return entry[1:] == (asked.attempt, asked.campaign) and abs(floor(asked.at) - entry[0]) <= SAME_ATTEMPT_SECONDS


class Trial:
    """One run: the calls, the ledger, and what did not agree."""

    def __init__(self, calls: int, seed: int, folder: Path) -> None:
        self.calls: Final = calls
        self.edition: Final[Edition] = load_edition(
            CONFIG / "rules", CONFIG / "numbering.toml", CONFIG / "customers.toml"
        )
        self.dice: Final = Dice(seed, self.edition)
        self.now = FIRST
        secrets = [AttemptKey(FIRST + third * (LAST - FIRST) / 3, bytes([third + 1]) * 32) for third in range(3)]
        self.ledger: Final = EmbeddedLedger(folder / "l.db", PersonKeys(b"L" * 32, secrets), lambda: self.now, 60.0)
        self.book: Final = Book()
        self.lines: Final = Lines("edge-1")
        self.replay: Final = Replay(self.edition)
        self.decode: Final = msgspec.json.Decoder(DecisionLine).decode
        self.seen: Final[Counter[str]] = Counter()
        self.wrong: Final[Counter[str]] = Counter()
        self.to_release: list[Inquiry] = []
        chance = self.dice.dice
        heads = ("+331400", "+336120", "+337560", "+339000", "+2626920", "+5966960", "+5906900", "+5084")
        count = max(20, PERSONS * calls // 1_000_000)
        self.persons: Final = [chance.choice(heads) + f"{chance.randrange(10**5):05}" for _ in range(count)]

    async def run(self, seconds: float) -> int:
        """All calls, or as many as fit; how many."""
        await self.ledger.open()
        end, done = time.monotonic() + seconds, 0
        while done < self.calls and time.monotonic() < end:
            self.now = self.moment(done / self.calls)
            await self.events()
            await self.turn([self.facts(done + place) for place in range(TOGETHER)])
            done += TOGETHER
        await self.last_look()
        await self.ledger.close()
        return done

    def moment(self, share: float) -> float:
        """Later and later: mostly within the hours of the day."""
        days = share * (LAST - FIRST) / DAY
        return max(self.now + 1, FIRST + (floor(days) + 0.3 + (days % 1) * 0.5) * DAY + self.dice.dice.random() * 900)

    def facts(self, number: int) -> CallFacts:
        """One random call; three in four are of a customer who may call."""
        dice, edition = self.dice.dice, self.edition
        usual = dice.random() < 0.75
        customer = dice.choice(list(CALLERS)) if usual else dice.choice(self.dice.customers)
        campaigns = [one.id for one in edition.directory.campaigns_of(customer)]
        trunk = TrunkFacts("vms", dice.choice(("national", "international")) if not usual else "national")
        presented = [("From", CALLERS[customer] if usual else self.dice.number())]
        called = dice.choice(self.persons) if usual or dice.random() < 0.5 else self.dice.number()
        repeated = dice.random() < 0.05
        return gather(
            edition, trunk, customer, dice.choice((*campaigns, "")), "" if usual else dice.choice(("", *PURPOSES)),
            "" if usual else dice.choice(("", *MODES)), "INVITE" if usual else dice.choice(METHODS), presented, called,
            self.now + dice.random() * 5, dice.random() < 0.8, f"{number - dice.randrange(1, 9) if repeated else number}",
        )  # fmt: skip

    async def events(self) -> None:
        """A person refuses or agrees, or takes it back; attempts are released."""
        dice, book = self.dice.dice, self.book
        for asked in self.to_release:
            await self.ledger.release(asked)
            book.release(asked)
        self.to_release = []
        pair = customer, person = dice.choice(list(CALLERS)), dice.choice(self.persons)
        roll = dice.random()
        if roll < 0.15:
            await self.ledger.refuse(customer, person, self.now, "607", "r")
            book.refusals[pair] = self.now
        elif roll < 0.25:
            if await self.ledger.withdraw_refusal(customer, person) != (book.refusals.pop(pair, None) is not None):
                self.wrong["refusal withdrawn"] += 1
        elif roll < 0.75:
            start = self.now + dice.uniform(60, DAY)
            slot = (start, start + SLOT_MOST) if dice.random() < 0.3 else (0.0, 0.0)
            until = self.now + dice.uniform(5, 300) * DAY
            consent = Consent(customer, person, self.now, until, f"c{dice.randrange(4)}", "", "register", "p", *slot)
            await self.ledger.consent(consent)
        elif roll < 0.85:
            await self.ledger.withdraw_consent(customer, person, self.now)

    async def turn(self, calls: list[CallFacts]) -> None:
        """Decide all; those that need the ledger ask it together."""
        firsts = [decide(facts, self.edition, EMPTY) for facts in calls]
        views: list[LedgerView] = []
        asked: list[Inquiry] = []
        for first in firsts:
            lost = first.inquiry is not None and self.dice.dice.random() < 0.03
            views.append(EXPIRED if lost else EMPTY)
            if first.inquiry is not None and not lost:
                asked.append(first.inquiry)
        states = iter(await self.ledger.ask(asked) if asked else [])
        blind = []
        for facts, first, view in zip(calls, firsts, views, strict=True):
            if first.inquiry is None or view.expired:
                decision = first if first.inquiry is None else decide(facts, self.edition, view)
                if first.inquiry is not None and decision.action == Action.FORWARD:
                    blind.append(first.inquiry)
            else:
                view = LedgerView(next(states))
                decision = self.judged(facts, first.inquiry, view)
            self.written(facts, decision, view)
        await self.count(blind)

    def judged(self, facts: CallFacts, inquiry: Inquiry, view: LedgerView) -> Decision:
        """The decision on what the ledger said: counted and forwarded, or neither."""
        decision, state = decide(facts, self.edition, view), view.state
        assert state is not None
        if not self.book.ask(inquiry, state):
            self.wrong["ledger and list"] += 1
        forwarded = decision.action == Action.FORWARD
        if decision.action == Action.NEED or (inquiry.reserve and forwarded != would_reserve(inquiry, state)):
            self.wrong["ledger and decision"] += 1
        if forwarded and inquiry.reserve and not state.reserved:
            self.wrong["forwarded uncounted"] += 1
        if state.reserved and (not forwarded or self.dice.dice.random() < 0.1):
            self.to_release.append(inquiry)
        self.seen["asked"] += 1
        return decision

    async def count(self, blind: list[Inquiry]) -> None:
        """What went ahead without an answer is counted after all."""
        plain = [Inquiry(one.customer, one.person, one.campaign, one.attempt, one.at) for one in blind]
        for asked, state in zip(plain, await self.ledger.ask(plain) if plain else [], strict=True):
            if not self.book.ask(asked, state) or not state.reserved:
                self.wrong["blind and list"] += 1

    def written(self, facts: CallFacts, decision: Decision, view: LedgerView) -> None:
        """The record line says what was decided and seen, and deciding it again says the same."""
        if decision.number is not None:
            self.edition.directory.used(decision.number.canonical)
        record = DecisionRecord("d", facts.at, facts, decision, b"c", 0.0, view)
        line = self.decode(self.lines.line(record, self.edition))
        back = ledger_of(line)
        if not is_same(line, decision):
            self.wrong["record and decision"] += 1
        if told(back.state) != told(view.state) or back.expired != view.expired:
            self.wrong["record and ledger"] += 1
        if not is_same(line, self.replay.decide(line)):
            self.wrong["replay and record"] += 1
        self.seen[decision.rule] += 1

    async def last_look(self) -> None:
        """In the end the ledger holds what the lists hold."""
        pairs = list(self.book.attempts)
        asked = [Inquiry(customer, person, "", "look", self.now, reserve=False) for customer, person in pairs]
        for inquiry, state in zip(asked, await self.ledger.ask(asked), strict=True):
            if not self.book.ask(inquiry, state):
                self.wrong["ledger and list at the end"] += 1


def told(state: PersonState | None) -> list[object]:
    """A state, to compare."""
    return [] if state is None else [getattr(state, name) for name in STATE_FIELDS]


def main() -> None:
    """One run."""
    calls = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    seconds = float(sys.argv[3]) if len(sys.argv) > 3 else 1e9
    with tempfile.TemporaryDirectory() as made:
        trial = Trial(calls, seed, Path(made))
        begun = time.monotonic()
        done = asyncio.run(trial.run(seconds))
    took = time.monotonic() - begun
    for rule, number in trial.seen.most_common():
        sys.stdout.write(f"{number:9} {rule}\n")
    sys.stdout.write(f"{done} calls in {took:.0f} s, {done / took:.0f} a second: {trial.wrong.total()} disagreements\n")
    for what, number in trial.wrong.items():
        sys.stdout.write(f"  {what}: {number}\n")
    sys.exit(bool(trial.wrong))


if __name__ == "__main__":
    main()
