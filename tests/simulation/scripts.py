"""Draws the calls of a run: for each a kind, how the callee answers, what both do while they talk, and how it ends.

`KINDS` names each kind with its weight. A kind is a function that fills in a `Script`; what happens then is written
down in `script.seen` by the ends that do it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Final

from tests.simulation.acts import GENTLE, RUDE
from tests.simulation.script import Script

WRITINGS: Final = (b"+331450012%b", b"01450012%b", b"00331450012%b", b"+33-1-45-00-12-%b", b"%%2B331450012%b")
DRESSES: Final = (  # other writings of the caller's own number, and the caller's name, where they may stand
    b"",
    b'P-Asserted-Identity: "Dupontel" <sip:+331450012#@10.1.0.1>\r\n',
    b"Remote-Party-ID: <sip:01450012#@10.1.0.1>;party=calling\r\nSubject: 01 45 00 12 #\r\nOrganization: Dupontel\r\n",
    b'Diversion: <sip:+331450012#@10.1.0.2>;reason=unconditional\r\nReason: SIP;cause=302;text="01.45.00.12.#"\r\n',
    b"P-Preferred-Identity: <tel:+331450012#>\r\nCall-Info: <http://10.1.0.1/dupontel>\r\nUser-Agent: 10.1.0.1\r\n",
    b"Reply-To: <sip:dupontel@10.1.0.1>\r\nAccept-Language: fr;q=dupontel\r\nDate: 01-45-00-12-#\r\n",
)  # fmt: skip
PERSONS: Final = 6


def ring_and_answer(rng: Random, script: Script) -> None:
    """100, 180, 200."""
    ring = rng.random() * 2
    script.steps = [(0.0, "trying", 0)] if rng.random() < 0.5 else []
    script.steps += [(ring, "ring", 0), (ring + rng.random() * 12, "answer", 0)]


def talk(rng: Random, script: Script, acts: tuple[Callable[..., None], ...], most: int) -> None:
    """Up to `most` acts of both sides while the call is up, then its end."""
    script.talk = rng.choice((0.5, 5.0, 20.0, 40.0)) * (0.5 + rng.random())
    script.enders = rng.choice(("a", "b", "a", "b", "ab"))
    for _ in range(rng.randrange(most + 1)):
        script.acts.append((rng.random() * script.talk, rng.choice("ab"), rng.choice(acts)))


def normal(rng: Random, script: Script) -> None:
    """A call as it should be."""
    ring_and_answer(rng, script)
    talk(rng, script, GENTLE, 3)


def rude(rng: Random, script: Script) -> None:
    """Both ends do what they should not."""
    ring_and_answer(rng, script)
    talk(rng, script, GENTLE + RUDE, 5)
    if rng.random() < 0.1:
        script.copies = 3


def early_media(rng: Random, script: Script) -> None:
    """183 with a session, then the answer."""
    script.steps = [(0.3, "media", 0), (1.0 + rng.random() * 5, "answer", 0)]
    talk(rng, script, GENTLE, 2)


def reliable(rng: Random, script: Script) -> None:
    """Reliable provisionals, which are acknowledged by PRACK."""
    script.rel = True
    script.steps = [(0.2, "reliable", 0), (1.5, "reliable", 0), (3.0 + rng.random() * 5, "answer", 0)]
    talk(rng, script, GENTLE, 2)


def forked(rng: Random, script: Script) -> None:
    """Several early dialogs, one of which is answered, or two."""
    forks = rng.randrange(2, 6)
    script.steps = [(0.2 * at, rng.choice(("ring", "media")), at) for at in range(forks)]
    winner = rng.randrange(forks)
    script.steps.append((2.0, "answer", winner))
    if rng.random() < 0.6:
        script.steps.append((2.0 + rng.choice((0.0, 0.05, 1.0, 6.0)), "answer too", (winner + 1) % forks))
    talk(rng, script, GENTLE, 2)


def late_offer(rng: Random, script: Script) -> None:
    """The session is offered in the 200 and answered in the ACK."""
    normal(rng, script)
    script.late = True


def refused_by_callee(rng: Random, script: Script) -> None:
    """A final answer that is none."""
    ring = rng.random() * 3
    script.steps = [(ring, "ring", 0)] if rng.random() < 0.6 else []
    status = rng.choice((486, 603, 607, 302, 300, 401, 407, 404, 480, 488, 500, 503, 408, 420, 600, 608))
    script.steps.append((ring + rng.random() * 3, "fail", status))


def never_answered(rng: Random, script: Script) -> None:
    """Rings for ever, or says nothing at all, or vanishes."""
    script.steps = rng.choice(([], [(0.1, "trying", 0)], [(1.0, "ring", 0)], [(1.0, "ring", 0), (3.0, "vanish", 0)]))


def cancelled(rng: Random, script: Script) -> None:
    """The caller hangs up before the answer, at any moment, also at that of the answer."""
    ring = rng.random() * 2
    answer = ring + rng.random() * 4
    script.steps = [(ring, "ring", 0), (answer, rng.choice(("answer", "answer", "fail")), 0)]
    if script.steps[1][1] == "fail":
        script.steps[1] = (answer, "fail", rng.choice((486, 503)))
    script.cancel_after = rng.choice((0.0, rng.random() * 6, answer + rng.random() * 0.2, answer))
    talk(rng, script, GENTLE, 1)


def hasty(rng: Random, script: Script) -> None:
    """A CANCEL that waits for nothing."""
    cancelled(rng, script)
    script.cancel_after, script.hasty = rng.choice((0.0, 0.01)), True


def early(rng: Random, script: Script) -> None:
    """The caller uses the early dialog: it changes the session in it, or ends it with BYE."""
    script.steps = [(0.3, "media", 0), (4.0 + rng.random() * 5, "answer", 0)]
    script.early = rng.choice(("update", "bye"))
    talk(rng, script, GENTLE, 1)


def two_ways(rng: Random, script: Script) -> None:
    """A proxy on the way forks, and both copies of the INVITE arrive (RFC 3261 8.2.2.2)."""
    normal(rng, script)
    script.merged = True


def heedless(rng: Random, script: Script) -> None:
    """The callee answers the CANCEL and nothing else; its 200 comes when everybody has given up, or never."""
    script.cancel_after = 1.0 + rng.random()
    script.steps = [(0.5, "ring", 0), (rng.choice((5.0, 20.0, 33.0, 34.5, 40.0, 60.0, 500.0)), "late answer", 0)]
    talk(rng, script, GENTLE, 0)


def contradicting(rng: Random, script: Script) -> None:
    """Two different final answers."""
    script.steps = [(0.5, "ring", 0)]
    if rng.random() < 0.5:
        script.steps += [(2.0, "answer", 0), (2.0 + rng.random(), "contradict", 486)]
    else:
        script.steps += [(2.0, "fail", 486), (2.0 + rng.random(), "contradict", 200)]
    talk(rng, script, GENTLE, 1)


def no_ack(rng: Random, script: Script) -> None:
    """The caller vanishes at the very moment of the answer."""
    ring_and_answer(rng, script)
    script.no_ack = True
    script.late = rng.random() < 0.3
    talk(rng, script, GENTLE, 0)
    script.enders = "b"


def text(rng: Random, script: Script) -> None:
    """A MESSAGE outside of any call."""
    script.method, script.caller, script.dress = b"MESSAGE", b"+33162000001", b""
    script.steps = [] if rng.random() < 0.2 else [(rng.random() * 3, "fail", rng.choice((200, 202, 404, 480, 503)))]


def turned_away(rng: Random, script: Script) -> None:
    """Refused before any decision."""
    script.forbidden = True
    script.steps = [(0.1, "answer", 0)]
    if rng.random() < 0.3:
        script.hops = 0
    else:
        script.wrong = rng.choice((b"Require: teleport\r\n", b"Proxy-Require: sec\r\n", b"Content-Encoding: gzip\r\n"))


def refused_by_law(rng: Random, script: Script) -> None:
    """Mobile number shown, suspended or unknown customer, premium or broken number called."""
    normal(rng, script)
    script.forbidden = True
    case = rng.randrange(6)
    if case == 0:
        script.caller = rng.choice((b"+33612345678", b"0612345678", b"0033751234567", b"06.12.34.56.78"))
    elif case == 1:
        script.wrong = b"P-Asserted-Identity: <sip:+33612345678@10.1.0.1>\r\n"
        script.dress = b""
    elif case == 2:
        script.account = b"stopped"
    elif case == 3:
        script.account = b"nobody"
    elif case == 4:
        script.called = b"+33899123456"
    else:
        script.called = b"+3314000"


def emergency(rng: Random, script: Script) -> None:
    """Passes as it is, whoever calls."""
    normal(rng, script)
    script.called, script.account, script.dress = b"112", b"nobody", b""


def prospecting(rng: Random, script: Script) -> None:
    """A person who is called again and again: attempts, refusals and consents count."""
    drawn = rng.random()
    (normal if drawn < 0.5 else refused_by_callee if drawn < 0.75 else cancelled if drawn < 0.9 else never_answered)(
        rng, script
    )
    script.account = rng.choice((b"prospector", b"prospector", b"asker"))
    script.called = b"+3314000900%d" % rng.randrange(PERSONS)


def campaigning(rng: Random, script: Script) -> None:
    """Calls of a campaign with a limit of its own, which pass when the ledger is silent."""
    prospecting(rng, script)
    script.account = b"service\r\nX-Campaign: limited"
    script.called = b"+3314000910%d" % rng.randrange(PERSONS)


Kind = Callable[[Random, Script], None]
KINDS: Final[tuple[tuple[Kind, int], ...]] = (
    (normal, 14), (rude, 14), (early_media, 4), (reliable, 5), (forked, 6), (late_offer, 4), (refused_by_callee, 8),
    (never_answered, 4), (cancelled, 10), (heedless, 3), (hasty, 2), (early, 3), (two_ways, 2), (contradicting, 3), (no_ack, 3), (text, 3), (turned_away, 3),
    (refused_by_law, 5), (emergency, 1), (prospecting, 14), (campaigning, 5),
)  # fmt: skip
_DRAWN: Final = [kind for kind, _ in KINDS]
_WEIGHTS: Final = [weight for _, weight in KINDS]


def draw(rng: Random, number: int, start: float, seen: Counter[str]) -> Script:
    """Call `number` of the run, which begins at `start`."""
    script = Script(number, start, seen)
    (kind,) = rng.choices(_DRAWN, _WEIGHTS)
    script.name = kind.__name__.replace("_", " ")
    script.called = b"+33140%06d" % number
    last = b"%d" % rng.randrange(30, 40)
    script.caller = rng.choice(WRITINGS) % last
    script.dress = rng.choice(DRESSES).replace(b"#", last)
    script.account = rng.choice((b"service", b"service", b"hidden"))
    script.platform = rng.randrange(2)
    kind(rng, script)
    return script
