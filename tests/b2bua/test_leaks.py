"""No byte of who really calls leaves towards the carrier, whatever the platform writes where, in a whole call.

The property: for any caller, in any writing, in any header or body line, no datagram to the carrier shows the
significant digits of the number (percent-escapes undone, separators squeezed out), the caller's name, or where the
platform is, and no datagram to the platform shows a header of the carrier that is not on the allow-list.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from proxy.policy.edition import Edition
from tests.ladder import HEADERS, A, Callee, Caller, Ladder, Seen, carrier, reply, topology

NATIONAL = "145001234"  # +33 1 45 00 12 34, which no customer holds
MEDIA = "192.0.2.77"
NAMES = ("Dupontel", "jean.martinet", "Cabinet Lefèvre", "vms-0145001234", "agent_smith")
REBUILT = frozenset(
    ("via", "from", "to", "call-id", "cseq", "contact", "content-length", "server", "record-route", "max-forwards",
     "user-agent", "retry-after", "allow")
)  # fmt: skip
CARRIERS_OWN = (
    "Server: Carrier-Switch/9", "Warning: 399 sbc7.carrier \"route 4\"", "X-Carrier-Trace: 4711",
    "P-Asserted-Identity: <sip:+33140000000@ims.carrier>", "P-Charging-Vector: icid-value=9", "Organization: Carrier",
    "Call-Info: <http://carrier/info>", "History-Info: <sip:+33999@ims.carrier>;index=1", "Feature-Caps: *;+g",
)  # fmt: skip


def writings(digits: str) -> list[str]:
    """The nine national digits as people and machines write them."""
    pairs = [digits[0], digits[1:3], digits[3:5], digits[5:7], digits[7:9]]
    return [
        f"+33{digits}", f"0033{digits}", f"0{digits}", f"33{digits}", "0" + " ".join(pairs), "+33 " + " ".join(pairs),
        "+33-" + "-".join(pairs), "+33." + ".".join(pairs), f"+33(0){digits}", "(0)" + "-".join(pairs),
        "0" + "/".join(pairs), "".join(f"%{ord(letter):02X}" for letter in f"+33{digits}"), f"%2B33{digits}",
        "0" + "_".join(pairs), "0" + ", ".join(pairs),
    ]  # fmt: skip


@dataclass(frozen=True)
class Caller33:
    """Who calls, and how it is written in each place."""

    user: str
    display: str
    places: tuple[str, ...]
    withheld: bool
    name: str

    @property
    def account(self) -> str:
        return "nonumber" if self.withheld else "acme"


USERS = st.sampled_from([f"+33{NATIONAL}", f"0033{NATIONAL}", f"0{NATIONAL}", "+33-1-45-00-12-34", f"%2B33{NATIONAL}"])
ANY_WRITING = st.sampled_from(writings(NATIONAL))
ANY_TEXT = st.one_of(ANY_WRITING, st.sampled_from(NAMES), st.sampled_from([A[0], f"{A[0]}:{A[1]}"]))
CALLERS = st.builds(
    Caller33,
    user=USERS,
    display=st.sampled_from(["", *NAMES, f"0{NATIONAL}", "01 45 00 12 34"]),
    places=st.lists(ANY_TEXT, min_size=26, max_size=26).map(tuple),
    withheld=st.booleans(),
    name=st.sampled_from(NAMES),
)


def headers(who: Caller33) -> list[str]:
    """The caller in every header that could carry it; texts come from the drawn places."""
    at = iter(who.places * 2)
    uri = f"<sip:{who.user}@{A[0]}>"
    name = f'"{who.name}" '
    return [
        f"P-Asserted-Identity: {name}{uri}",
        f"P-Asserted-Identity: <tel:+33{NATIONAL};ext={next(at).replace(' ', '').replace(',', '')}>",
        f"P-Preferred-Identity: {uri}",
        f"Remote-Party-ID: {name}{uri};party=calling",
        f"Diversion: {uri};reason=unconditional",
        f"History-Info: {uri};index=1, <sip:{who.name.split()[0]}@{A[0]}>;index=1.1",
        f"Referred-By: <sip:{who.name.split()[0]}@{A[0]}>",
        f"Reply-To: {uri}",
        f"Call-Info: <http://{A[0]}/{next(at)}>",
        f"Subject: {next(at)}",
        f"Organization: {next(at)}",
        f"User-Agent: Platform/{next(at)}",
        f"X-Trace: {next(at)}",
        f"P-Charge-Info: {uri}",
        f"Identity: {next(at)}",
        f"Privacy: {next(at)}",
        f'Reason: Q.850;cause=16;text="{next(at)}"',
        f"Alert-Info: <http://media.example/{next(at)}>",
        f"Alert-Info: <http://{A[0]}/ring.wav>",
        f"P-Early-Media: supported;x={next(at)}",
        f"Date: {next(at)}",
        f"Session-Expires: 1800;refresher=uac;who={next(at)}",
        f"Min-SE: {next(at)}",
        f"Accept: application/sdp;who={next(at)}",
        f"Accept-Language: fr;q={next(at)}",
        f"Recv-Info: {next(at)}",
        f"Expires: {next(at)}",
        f"Supported: timer, {next(at)}",
        f"Allow: INVITE, {next(at)}",
        f"Content-Language: {next(at)}",
        f"MIME-Version: 1.0 ({next(at)})",
    ]


def body_of(who: Caller33) -> tuple[list[str], bytes]:
    """SDP that names the caller on every session line, alone or as a part of a multipart body."""
    at = iter(who.places[8:] * 2)
    user = who.user.replace("%", "")
    sdp = (
        f"v=0\r\no={user} 1234 1 IN IP4 {MEDIA}\r\ns={next(at)}\r\ni={next(at)}\r\nu=http://{A[0]}/{next(at)}\r\n"
        f"e={next(at)}\r\np={next(at)}\r\nc=IN IP4 {MEDIA}\r\nt=0 0\r\na=tool:{next(at)}\r\na=x-{next(at)}\r\n"
        f"m=audio 4000 RTP/AVP 8 101\r\na=rtpmap:8 PCMA/8000\r\na=ssrc:1 cname:{who.name}\r\n"
    ).encode()
    if len(who.name) % 2:
        return ["Content-Type: application/sdp"], sdp
    border = f"--{who.user.replace('%', '')}x{who.name.split()[0]}"
    kind = f'Content-Type: multipart/mixed;boundary="{border[2:]}"'
    parts = (
        f"{border}\r\nContent-Type: application/sdp\r\nContent-ID: <{who.name.split()[0]}@{A[0]}>\r\n\r\n".encode()
        + sdp + f"\r\n{border}\r\nContent-Type: text/plain\r\n\r\ncall +33{NATIONAL}\r\n{border}--\r\n".encode()
    )  # fmt: skip
    return [kind], parts


def shown(data: bytes, needles: Sequence[bytes]) -> list[bytes]:
    """Which needles the datagram shows, percent-escapes undone and separators squeezed out of the digits."""
    plain = unquote_to_bytes(data).lower()
    squeezed = re.sub(rb"(?<=\d)[^0-9a-z\n]+(?=\d)", b"", plain)
    return [needle for needle in needles if needle in plain or needle in squeezed]


def assert_hidden(seen: Seen, who: Caller33) -> None:
    """Nothing in this datagram towards the carrier tells who calls, or from where."""
    needles = [NATIONAL.encode(), who.name.lower().encode("latin-1"), who.name.lower().encode(), b"platform"]
    needles.append(A[0].encode())
    found = shown(seen.data, needles)
    assert found == [], f"{found} in\n{seen.data.decode('latin-1')}"


def assert_allowed(seen: Seen) -> None:
    """The platform sees no header of the carrier but those of the allow-list."""
    for name in seen.message.names:
        assert any(name in names for names in HEADERS.to_platform) or name.decode() in REBUILT, seen.head
    for value in (b"carrier-switch", b"4711", b"ims.carrier", b"sbc7", b"10.2.0.1"):
        assert value not in seen.data.lower(), seen.head


class Watch:
    """A ladder that looks at every datagram on its way."""

    def __init__(self, ladder: Ladder, who: Caller33) -> None:
        self.ladder = ladder
        self.who = who

    def feed(self, side: str, data: bytes) -> list[Seen]:
        self.ladder.feed(side, data)
        return self.take()

    def take(self) -> list[Seen]:
        seen, self.ladder.unread = self.ladder.unread, []
        for one in seen:
            if one.side == "b":
                assert_hidden(one, self.who)
            else:
                assert_allowed(one)
        return seen


def named(seen: list[Seen], label: str) -> Seen:
    found = [one for one in seen if one.label == label]
    assert found, f"{label} in {[one.label for one in seen]}"
    return found[0]


def play(ladder: Ladder, who: Caller33, late: bool) -> None:
    """A whole call: early media, PRACK, answer, re-INVITE both ways, UPDATE, INFO, BYE with Reason."""
    watch = Watch(ladder, who)
    caller = Caller(user=who.user)
    caller.display = who.display
    caller.contact = f"sip:{who.user}@{A[0]}:{A[1]}"
    lines, (kind, body) = headers(who), body_of(who)
    with_body = [*lines, *kind]
    own = list(CARRIERS_OWN)
    invite = caller.invite(account=who.account, extra=lines if late else with_body, body=b"" if late else body)
    callee = Callee(named(watch.feed("a", invite), "b INVITE"))
    reliable = [*own, "Require: 100rel", "RSeq: 9000"]
    caller.learn(named(watch.feed("b", callee.reply(183, extra=reliable)), "a 183 INVITE"))
    prack = watch.feed("a", caller.request("PRACK", extra=[*with_body, "RAck: 1 1 INVITE"], body=body))
    assert named(prack, "b PRACK").header("rack") == "9000 1 INVITE"
    watch.feed("b", reply(named(prack, "b PRACK"), 200, extra=own))
    ok = watch.feed("b", callee.reply(200, extra=own, body=b"v=0\r\n"))
    named(ok, "a 200 INVITE")
    cseq = caller.cseq
    ack = watch.feed("a", caller.ack(cseq=1, extra=with_body if late else lines, body=body if late else b""))
    if late:
        named(ack, "b ACK")
    caller.cseq = cseq
    for method in ("INVITE", "UPDATE", "INFO", "MESSAGE", "OPTIONS"):
        asked = named(watch.feed("a", caller.request(method, extra=with_body, body=body)), f"b {method}")
        named(watch.feed("b", callee.reply(200, to=asked, extra=own, body=b"v=0\r\n")), f"a 200 {method}")
        if method == "INVITE":
            watch.feed("a", caller.ack(extra=lines))
    for method, status in (("INVITE", 180), ("INVITE", 200), ("UPDATE", 200), ("INFO", 200), ("INVITE", 488)):
        asked = named(watch.feed("b", callee.request(method, extra=own)), f"a {method}")
        crossed = watch.feed("a", reply(asked, status, extra=with_body, body=body, contact=caller.contact))
        if status == 180:
            crossed = watch.feed("a", reply(asked, 200, extra=with_body, body=body, contact=caller.contact))
            status = 200
        named(crossed, f"b {status} {method}")
        if (method, status) == ("INVITE", 200):
            watch.feed("b", callee.ack(named(crossed, "b 200 INVITE"), body=b"v=0\r\n"))
    watch.feed("a", caller.request("REFER", extra=[*lines, f"Refer-To: <sip:{who.user}@{A[0]}>"]))
    bye = named(watch.feed("a", caller.request("BYE", extra=lines)), "b BYE")
    watch.feed("b", reply(bye, 200, extra=own))
    assert len(ladder.records()) == 1
    ladder.advance(70)
    watch.take()
    assert ladder.faults() == []
    ladder.assert_empty()


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(who=CALLERS, late=st.booleans(), server=st.sampled_from(["", "edge"]))
def test_nothing_of_the_caller_leaves_in_a_whole_call(edition: Edition, who: Caller33, late: bool, server: str) -> None:
    play(Ladder(edition, topology(server_name=server)), who, late)


@settings(max_examples=20, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(who=CALLERS, cross=st.sampled_from(["X-Trace", "Subject", "Organization", "user-agent", "From"]))
def test_nothing_leaves_either_when_a_trunk_lets_more_headers_cross(
    edition: Edition, who: Caller33, cross: str
) -> None:
    play(Ladder(edition, topology(carrier_trunk=carrier(cross=(cross,)))), who, False)


@settings(max_examples=30, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(who=CALLERS)
def test_nothing_of_the_caller_leaves_when_it_cancels(edition: Edition, who: Caller33) -> None:
    ladder = Ladder(edition)
    watch = Watch(ladder, who)
    caller = Caller(user=who.user)
    caller.display = who.display
    kind, body = body_of(who)
    invite = caller.invite(account=who.account, extra=[*headers(who), *kind], body=body)
    via = caller.last_via
    callee = Callee(named(watch.feed("a", invite), "b INVITE"))
    caller.learn(named(watch.feed("b", callee.reply(180)), "a 180 INVITE"))
    named(watch.feed("a", caller.request("UPDATE", extra=[*headers(who), *kind], body=body)), "b UPDATE")
    caller.cseq = 1
    caller.to_tag = ""
    cancel = named(watch.feed("a", caller.cancel(via)), "b CANCEL")
    watch.feed("b", reply(cancel, 200))
    watch.feed("b", callee.reply(487))
    ladder.advance(70)
    watch.take()
    ladder.assert_empty()


@pytest.mark.parametrize("account", ["acme", "nonumber", "named", "prospector", "rewriter"])
@pytest.mark.parametrize("header", ["From", "P-Asserted-Identity", "Remote-Party-ID", "Diversion"])
@pytest.mark.parametrize("mobile", ["+33612345678", "0612345678", "+33751234567", "00337-51-23-45-67"])
def test_no_forwarded_call_shows_a_mobile_number(
    ladder_of: Callable[..., Ladder], account: str, header: str, mobile: str
) -> None:
    ladder = ladder_of()
    caller = Caller(user=mobile) if header == "From" else Caller()
    extra = [] if header == "From" else [f"{header}: <sip:{mobile}@x.example>"]
    ladder.feed("a", caller.invite(account=account, extra=extra))
    if account != "rewriter":
        ladder.expect("a 403 INVITE")
        return
    _, invite = ladder.expect("a 100 INVITE", "b INVITE")
    assert re.fullmatch(r"<sip:\+33162000009@.*", invite.header("from"))
    assert not re.search(r"[67]\d{8}|345678", invite.data.decode())
    assert invite.headers("p-asserted-identity") == ["<sip:+33162000009@edge.example.net;user=phone>"]
