"""The coupling table: every state of a call, every event, what comes next and what is done. The B2BUA on one screen.

Everything that changes a call's state stands here; `call.py` carries the actions out. A pair that is absent is either
in `IMPOSSIBLE`, with the reason, or a test fails.
"""

from __future__ import annotations

from typing import Final

from proxy.b2bua.events import (
    A_GONE,
    ACKED,
    ANSWER,
    B_GONE,
    BYE_A,
    BYE_B,
    CANCEL,
    CLOSED,
    ELSEWHERE,
    EVENT_NAMES,
    EXPIRED,
    FAILURE,
    FORWARDED,
    NO_ANSWER,
    OVERDUE,
    PARKED,
    REFUSED,
    RINGING,
    SILENCE,
    TOO_LONG,
    TRYING,
    UNACKED,
    UNREACHABLE,
)

# states of a call
NEW: Final = 0
WAITING: Final = 1
INVITING: Final = 2
ALERTING: Final = 3
CANCELLING: Final = 4
ANSWERED: Final = 5
UP: Final = 6
ENDING: Final = 7
OVER: Final = 8
STATE_NAMES: Final = ("new", "waiting", "inviting", "alerting", "cancelling", "answered", "up", "ending", "over")

# actions
NOTHING: Final = 0
REFUSE: Final = 1
PARK: Final = 2
INVITE: Final = 3
DECIDE_BLIND: Final = 4
WITHDRAW: Final = 5
CROSS_PROVISIONAL: Final = 6
CROSS_ANSWER: Final = 7
CROSS_FAILURE: Final = 8
REPORT_SILENCE: Final = 9
CANCEL_BOTH: Final = 10
END_UNANSWERED: Final = 11
CANCEL_NOW: Final = 12
RELEASE_LATE: Final = 13
CLOSE: Final = 14
CONFIRM: Final = 15
HANG_UP_BOTH: Final = 16
BYE_TO_B: Final = 17
BYE_TO_A: Final = 18
BYE_TO_A_LATER: Final = 19
BYE_OWED: Final = 20
BYE_SPARED: Final = 21
REPORT_UNREACHABLE: Final = 22
INVITE_AGAIN: Final = 23

COUPLING: Final[dict[tuple[int, int], tuple[int, int]]] = {
    (NEW, REFUSED): (OVER, REFUSE),
    (NEW, PARKED): (WAITING, PARK),
    (NEW, FORWARDED): (INVITING, INVITE),
    (WAITING, REFUSED): (OVER, REFUSE),
    (WAITING, FORWARDED): (INVITING, INVITE),
    (WAITING, OVERDUE): (WAITING, DECIDE_BLIND),
    (WAITING, CANCEL): (OVER, WITHDRAW),
    (INVITING, TRYING): (INVITING, NOTHING),
    (INVITING, RINGING): (ALERTING, CROSS_PROVISIONAL),
    (INVITING, ANSWER): (ANSWERED, CROSS_ANSWER),
    (INVITING, FAILURE): (OVER, CROSS_FAILURE),
    (INVITING, SILENCE): (OVER, REPORT_SILENCE),
    (INVITING, UNREACHABLE): (OVER, REPORT_UNREACHABLE),
    (INVITING, ELSEWHERE): (INVITING, INVITE_AGAIN),
    (INVITING, CANCEL): (CANCELLING, CANCEL_BOTH),
    (INVITING, NO_ANSWER): (CANCELLING, END_UNANSWERED),
    (ALERTING, TRYING): (ALERTING, NOTHING),
    (ALERTING, RINGING): (ALERTING, CROSS_PROVISIONAL),
    (ALERTING, ANSWER): (ANSWERED, CROSS_ANSWER),
    (ALERTING, FAILURE): (OVER, CROSS_FAILURE),
    (ALERTING, CANCEL): (CANCELLING, CANCEL_BOTH),
    (ALERTING, BYE_A): (CANCELLING, CANCEL_BOTH),  # RFC 3261 15: the caller may end an early dialog so
    (ALERTING, BYE_B): (ALERTING, NOTHING),  # a callee may not; its final answer will come
    (ALERTING, NO_ANSWER): (CANCELLING, END_UNANSWERED),
    (CANCELLING, TRYING): (CANCELLING, CANCEL_NOW),
    (CANCELLING, RINGING): (CANCELLING, CANCEL_NOW),
    (CANCELLING, ANSWER): (ENDING, RELEASE_LATE),  # the 200 crossed our CANCEL
    (CANCELLING, FAILURE): (OVER, CLOSE),
    (CANCELLING, SILENCE): (OVER, CLOSE),
    (CANCELLING, UNREACHABLE): (OVER, CLOSE),
    (CANCELLING, CANCEL): (CANCELLING, NOTHING),
    (CANCELLING, BYE_A): (CANCELLING, NOTHING),
    (CANCELLING, BYE_B): (CANCELLING, NOTHING),
    (ANSWERED, ACKED): (UP, CONFIRM),
    (ANSWERED, UNACKED): (ENDING, HANG_UP_BOTH),
    (ANSWERED, CANCEL): (ANSWERED, NOTHING),  # too late: answered 200, without effect (RFC 3261 9.2)
    (ANSWERED, TOO_LONG): (ENDING, HANG_UP_BOTH),
    (ANSWERED, EXPIRED): (ENDING, HANG_UP_BOTH),
    (ANSWERED, A_GONE): (ENDING, HANG_UP_BOTH),
    (ANSWERED, B_GONE): (ENDING, HANG_UP_BOTH),
    (ANSWERED, BYE_A): (ENDING, BYE_TO_B),
    (ANSWERED, BYE_B): (ENDING, BYE_TO_A_LATER),  # not before its ACK (RFC 3261 15)
    (UP, CANCEL): (UP, NOTHING),
    (UP, UNACKED): (ENDING, HANG_UP_BOTH),  # a re-INVITE's 2xx
    (UP, TOO_LONG): (ENDING, HANG_UP_BOTH),
    (UP, EXPIRED): (ENDING, HANG_UP_BOTH),
    (UP, A_GONE): (ENDING, HANG_UP_BOTH),
    (UP, B_GONE): (ENDING, HANG_UP_BOTH),
    (UP, BYE_A): (ENDING, BYE_TO_B),
    (UP, BYE_B): (ENDING, BYE_TO_A),
    (ENDING, ACKED): (ENDING, BYE_OWED),
    (ENDING, UNACKED): (ENDING, BYE_OWED),
    (ENDING, CANCEL): (ENDING, NOTHING),
    (ENDING, BYE_A): (ENDING, BYE_SPARED),  # the two BYEs crossed
    (ENDING, BYE_B): (ENDING, NOTHING),
    (ENDING, A_GONE): (ENDING, NOTHING),
    (ENDING, B_GONE): (ENDING, NOTHING),
    (ENDING, CLOSED): (OVER, CLOSE),
}

_NO_CALL_YET = "no message of the B leg and no timer exists before the decision"
_DECIDED = "the decision is made once"
_NOT_RINGING = "the INVITE to the carrier has its final answer"
_STOPPED = "the timer was stopped when the state was entered"
_NO_ACK_YET = "nothing was answered that could be acknowledged"
_CALLED = "a person is being called"
_NO_DIALOG = "no dialog exists yet in which a BYE could come"
_SESSION = (EXPIRED, A_GONE, B_GONE)
_NO_SESSION = dict.fromkeys(_SESSION, "no session was agreed on before the answer")
IMPOSSIBLE: Final[dict[int, dict[int, str]]] = {
    NEW: dict.fromkeys((TRYING, RINGING, ANSWER, FAILURE, SILENCE, CANCEL, ACKED, UNACKED, NO_ANSWER, TOO_LONG, BYE_A,
                        BYE_B, CLOSED, OVERDUE, UNREACHABLE, ELSEWHERE, *_SESSION), _NO_CALL_YET),
    WAITING: dict.fromkeys((TRYING, RINGING, ANSWER, FAILURE, SILENCE, ACKED, UNACKED, NO_ANSWER, TOO_LONG, BYE_A,
                            BYE_B, CLOSED, UNREACHABLE, ELSEWHERE, *_SESSION), _NO_CALL_YET) | {PARKED: "a second need is decided blind"},
    INVITING: dict.fromkeys((REFUSED, PARKED, FORWARDED, OVERDUE), _DECIDED) | _NO_SESSION
    | dict.fromkeys((ACKED, UNACKED, TOO_LONG, CLOSED), _NO_ACK_YET) | dict.fromkeys((BYE_A, BYE_B), _NO_DIALOG),
    ALERTING: dict.fromkeys((REFUSED, PARKED, FORWARDED, OVERDUE), _DECIDED) | _NO_SESSION
    | dict.fromkeys((ACKED, UNACKED, TOO_LONG, CLOSED), _NO_ACK_YET) | {SILENCE: "timer B ended with the provisional", UNREACHABLE: "it was reached", ELSEWHERE: _CALLED},
    CANCELLING: dict.fromkeys((REFUSED, PARKED, FORWARDED, OVERDUE), _DECIDED) | _NO_SESSION
    | dict.fromkeys((ACKED, UNACKED, TOO_LONG, CLOSED), _NO_ACK_YET) | {NO_ANSWER: _STOPPED, ELSEWHERE: "the caller wants no call any more"},
    ANSWERED: dict.fromkeys((REFUSED, PARKED, FORWARDED, OVERDUE), _DECIDED) | {NO_ANSWER: _STOPPED}
    | dict.fromkeys((TRYING, RINGING, ANSWER, FAILURE, SILENCE, UNREACHABLE, ELSEWHERE, CLOSED), _NOT_RINGING),
    UP: dict.fromkeys((REFUSED, PARKED, FORWARDED, OVERDUE), _DECIDED) | {NO_ANSWER: _STOPPED, ACKED: "seen once"}
    | dict.fromkeys((TRYING, RINGING, ANSWER, FAILURE, SILENCE, UNREACHABLE, ELSEWHERE, CLOSED), _NOT_RINGING),
    ENDING: dict.fromkeys((REFUSED, PARKED, FORWARDED, OVERDUE), _DECIDED)
    | dict.fromkeys((NO_ANSWER, TOO_LONG, EXPIRED), _STOPPED)
    | dict.fromkeys((TRYING, RINGING, ANSWER, FAILURE, SILENCE, UNREACHABLE, ELSEWHERE), _NOT_RINGING),
    OVER: dict.fromkeys(range(len(EVENT_NAMES)), "the call is over; what comes late changes nothing"),
}  # fmt: skip

_EVENTS: Final = len(EVENT_NAMES)
TABLE: Final[list[tuple[int, int]]] = [(-1, 0)] * (_EVENTS * len(STATE_NAMES))
for (_state, _event), _row in COUPLING.items():
    TABLE[_state * _EVENTS + _event] = _row


def step(state: int, event: int) -> tuple[int, int]:
    """The next state and the action; (-1, 0) where nothing is to be done."""
    return TABLE[state * _EVENTS + event]
