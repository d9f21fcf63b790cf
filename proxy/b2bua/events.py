"""What can happen to a call, as the coupling table knows it. Protocol-neutral where it can be."""

from __future__ import annotations

from typing import Final

REFUSED: Final = 0  # the decision refuses
PARKED: Final = 1  # the decision needs the ledger
FORWARDED: Final = 2  # the decision lets the call go on
TRYING: Final = 3  # 100 from the carrier
RINGING: Final = 4  # 18x from the carrier
ANSWER: Final = 5  # 2xx from the carrier
FAILURE: Final = 6  # 300 to 699 from the carrier
SILENCE: Final = 7  # no response from the carrier at all, or none after a CANCEL
CANCEL: Final = 8  # CANCEL from the platform
ACKED: Final = 9  # the platform's ACK of the 2xx
UNACKED: Final = 10  # no ACK in 64*T1
NO_ANSWER: Final = 11  # the answer timeout
TOO_LONG: Final = 12  # the longest call
BYE_A: Final = 13  # BYE from the platform
BYE_B: Final = 14  # BYE from the carrier
CLOSED: Final = 15  # the last open BYE is done
OVERDUE: Final = 16  # the ledger did not answer in time
UNREACHABLE: Final = 17  # no way to the carrier: the transport says so
ELSEWHERE: Final = 18  # the gateway failed before anybody was called, and there is another one
EXPIRED: Final = 19  # nobody refreshed the session
A_GONE: Final = 20  # the platform does not know the call any more, or says nothing
B_GONE: Final = 21  # the same of the carrier

EVENT_NAMES: Final = (
    "refused",
    "parked",
    "forwarded",
    "trying",
    "ringing",
    "answer",
    "failure",
    "silence",
    "cancel",
    "acked",
    "unacked",
    "no answer",
    "too long",
    "bye a",
    "bye b",
    "closed",
    "overdue",
    "unreachable",
    "elsewhere",
    "expired",
    "a gone",
    "b gone",
)
