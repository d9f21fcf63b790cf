"""What the carrier is shown and what may cross: faces, allow-lists, refusals."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from proxy.b2bua.extract import NO_SECRETS, Secrets, call_facts
from proxy.b2bua.identities import addresses
from proxy.b2bua.rewrite import Face, cleaned, edits_for, encoded, quoted, refusal_lines, spelled_host
from proxy.policy.decision import refuse
from proxy.policy.edition import Edition
from proxy.sip.parse import parse
from tests.ladder import EPOCH, OWN_UDP, Caller, Ladder, carrier, platform, reply, topology

MakeLadder = Callable[..., Ladder]


def b_invite(ladder: Ladder, account: str = "acme", called: str = "+33140000000") -> list[str]:
    ladder.feed("a", Caller(called=called).invite(account=account))
    _, invite = ladder.expect("a 100 INVITE", "b INVITE")
    privacy = invite.header("privacy")
    return [
        invite.start.split()[1],
        invite.header("from").split(";tag")[0],
        invite.header("p-asserted-identity"),
        privacy,
    ]


def test_the_number_shown_stands_in_from_and_identity(ladder: Ladder) -> None:
    shown = "<sip:+33162000001@edge.example.net;user=phone>"
    assert b_invite(ladder) == ["sip:+33140000000@10.2.0.1:5080;user=phone", shown, shown, ""]


def test_a_verified_name_is_shown(ladder: Ladder) -> None:
    shown = "<sip:+33162000005@edge.example.net;user=phone>"
    assert b_invite(ladder, "named")[1:] == [f'"Avec Nom" {shown}', shown, ""]


@pytest.mark.parametrize(
    ("changes", "lines"),
    [
        ({}, ['"Anonymous" <sip:anonymous@anonymous.invalid>', "", "id"]),
        ({"hidden": "unavailable"}, ['"Unavailable" <sip:unavailable@unknown.invalid>', "", ""]),
        (
            {"network_number": "+33100000000"},
            ['"Anonymous" <sip:anonymous@anonymous.invalid>', "<sip:+33100000000@edge.example.net;user=phone>", "id"],
        ),
    ],
)
def test_a_withheld_call(ladder_of: MakeLadder, changes: dict[str, object], lines: list[str]) -> None:
    ladder = ladder_of(topology(carrier_trunk=carrier(**changes)))
    assert b_invite(ladder, "nonumber")[1:] == lines


WRITTEN = {"e164": "+33", "00": "0033", "national": "0"}


@pytest.mark.parametrize("numbers", list(WRITTEN))
@pytest.mark.parametrize("user_phone", [True, False])
@pytest.mark.parametrize("account", ["acme", "nonumber"])
@pytest.mark.parametrize("called", ["+33140000000", "0033140000000", "0140000000"])
def test_numbers_are_written_as_the_carrier_wants(
    ladder_of: MakeLadder, numbers: str, user_phone: bool, account: str, called: str
) -> None:
    """Request-URI, To, From and P-Asserted-Identity follow the trunk, however the platform wrote them."""
    ladder = ladder_of(topology(carrier_trunk=carrier(numbers=numbers, user_phone=user_phone)))
    ladder.feed("a", Caller(called=called).invite(account=account))
    _, invite = ladder.expect("a 100 INVITE", "b INVITE")
    start, phone = WRITTEN[numbers], ";user=phone" if user_phone else ""
    assert invite.start == f"INVITE sip:{start}140000000@10.2.0.1:5080{phone} SIP/2.0"
    assert invite.header("to") == f"<sip:{start}140000000@edge.example.net{phone}>"
    shown = f"<sip:{start}162000001@edge.example.net{phone}>"
    if account == "acme":
        assert invite.header("from").partition(";tag=")[0] == shown
        assert invite.headers("p-asserted-identity") == [shown]
        assert not invite.message.has(b"privacy")
    else:
        assert invite.header("from").startswith('"Anonymous" <sip:anonymous@anonymous.invalid>;tag=')
        assert (invite.headers("p-asserted-identity"), invite.header("privacy")) == ([], "id")


def number(written: str) -> str:
    return f"<sip:{written}@edge.example.net;user=phone>"


@pytest.mark.parametrize("numbers", list(WRITTEN))
@pytest.mark.parametrize("hidden", ["withheld", "unavailable"])
@pytest.mark.parametrize("network_number", ["", "+33162000009"])
def test_a_hidden_caller_is_shown_as_the_carrier_wants(
    ladder_of: MakeLadder, numbers: str, hidden: str, network_number: str
) -> None:
    """The trunk's number is the network's, never the caller's; it is written as every other number."""
    ladder = ladder_of(
        topology(carrier_trunk=carrier(numbers=numbers, hidden=hidden, network_number=network_number))
    )  # fmt: skip
    ladder.feed("a", Caller().invite(account="nonumber"))
    _, invite = ladder.expect("a 100 INVITE", "b INVITE")
    caller = invite.header("from").partition(";tag=")[0]
    identities, privacy = invite.headers("p-asserted-identity"), invite.headers("privacy")
    if hidden == "unavailable":
        assert (caller, identities, privacy) == ('"Unavailable" <sip:unavailable@unknown.invalid>', [], [])
    else:
        assert caller == '"Anonymous" <sip:anonymous@anonymous.invalid>'
        assert identities == ([number(WRITTEN[numbers] + "162000009")] if network_number else [])
        assert privacy == ["id"]


def test_our_name_stands_on_both_legs_when_we_have_one(ladder_of: MakeLadder) -> None:
    ladder = ladder_of(topology(server_name="edge"))
    ladder.feed("a", Caller().invite())
    _, invite = ladder.expect("a 100 INVITE", "b INVITE")
    assert invite.header("user-agent") == "edge"


def test_a_trunk_may_let_more_cross_but_never_an_identity(ladder_of: MakeLadder) -> None:
    ladder = ladder_of(topology(carrier_trunk=carrier(cross=("X-Tag", "Subject", "P-Asserted-Identity"))))
    ladder.feed("a", Caller().invite(extra=["X-Tag: 7", "Subject: s", "P-Asserted-Identity: <sip:+33145001234@x>"]))
    _, invite = ladder.expect("a 100 INVITE", "b INVITE")
    assert (invite.header("x-tag"), invite.header("subject")) == ("7", "")
    assert invite.headers("p-asserted-identity") == ["<sip:+33162000001@edge.example.net;user=phone>"]


def test_a_trunk_may_keep_headers_back_in_both_directions(ladder_of: MakeLadder) -> None:
    ladder = ladder_of(topology(carrier_trunk=carrier(drop=("Alert-Info",))))
    caller = Caller()
    ladder.feed("a", caller.invite(extra=["Alert-Info: <urn:alert:source:internal>", "Date: now"]))
    _, invite = ladder.expect("a 100 INVITE", "b INVITE")
    assert (invite.header("alert-info"), invite.header("date")) == ("", "now")
    ladder.feed("b", reply(invite, 486, tag="b1", extra=["Alert-Info: <urn:x>", "Date: later"]))
    busy = ladder.expect("b ACK", "a 486 INVITE")[1]
    assert (busy.header("alert-info"), busy.header("date")) == ("", "later")


def test_a_header_that_names_the_customer_crosses_for_no_trunk(ladder_of: MakeLadder) -> None:
    ladder = ladder_of(topology(carrier_trunk=carrier(cross=("X-Account", "X-Campaign", "X-Tag"))))
    ladder.feed("a", Caller().invite(extra=["X-Tag: 7"]))
    _, invite = ladder.expect("a 100 INVITE", "b INVITE")
    assert [invite.header(name) for name in ("x-tag", "x-account", "x-campaign")] == ["7", "", ""]


def test_a_user_part_that_is_no_number_is_escaped(edition: Edition) -> None:
    invite = parse(Caller().invite())
    called = "x\r\nX-Evil: 1@y\xe9"
    facts = call_facts(invite, addresses(invite), called, platform(), edition, EPOCH)
    face = Face(topology(), OWN_UDP, carrier())
    assert face.request_uri(facts) == b"sip:x%0D%0AX-Evil%3A%201%40y%E9@10.2.0.1:5080;user=phone"
    assert face.to(facts) == b"<sip:x%0D%0AX-Evil%3A%201%40y%E9@edge.example.net;user=phone>"


def test_hosts_are_spelled_as_a_uri_wants() -> None:
    assert spelled_host("10.0.0.1") == b"10.0.0.1"
    assert spelled_host("2001:db8::1") == b"[2001:db8::1]"


@pytest.mark.parametrize(
    ("display", "string"), [(b'a"b\\c', b'"a\\"b\\\\c"'), (b"Zo\xc3\xa9", b'"Zo\xc3\xa9"'), (b"a\x00\r\nb", b'"ab"')]
)
def test_a_display_name_is_quoted(display: bytes, string: bytes) -> None:
    assert quoted(display) == string


def test_lists_are_cut_to_what_we_carry() -> None:
    extra = ["Allow: INVITE, FOO", "Allow: BYE", "Supported: 100REL, gruu", "k: timer"]
    source = parse(Caller().invite(extra=extra))
    lines = edits_for(Face(topology(), OWN_UDP, carrier()), source, False, False).lines(source)
    assert set(lines) == {b"Allow: INVITE, BYE", b"Supported: 100REL, timer", b"Content-Type: application/sdp"}
    assert len(lines) == 3


def test_an_encoded_body_never_crosses_towards_the_carrier() -> None:
    source = parse(Caller().invite(extra=["Content-Encoding: gzip", "Content-Type: application/sdp"], body=b"\x1f\x8b"))
    assert encoded(source)
    face = Face(topology(), OWN_UDP, carrier())
    lines, body, _ = cleaned(edits_for(face, source, False, False), source, Secrets((), (), ()))
    assert (lines, body) == ([], b"")
    lines, body, _ = cleaned(edits_for(face, source, False, False), source, NO_SECRETS)
    assert body == b"\x1f\x8b"


def test_a_border_that_shows_the_number_is_renamed_in_header_and_body(ladder: Ladder) -> None:
    body = b"--x0145001234\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n--x0145001234--\r\n"
    ladder.feed("a", Caller().invite(extra=["Content-Type: multipart/mixed;boundary=x0145001234"], body=body))
    _, invite = ladder.expect("a 100 INVITE", "b INVITE")
    assert invite.headers("content-type") == ["multipart/mixed;boundary=crossed-part"]
    assert invite.body == body.replace(b"x0145001234", b"crossed-part")


def test_a_refusal_carries_cause_rule_and_decision() -> None:
    decision = refuse("hours.weekday", 480, "Outside Hours", (), 0.0, 60)
    assert refusal_lines(decision, b"10.0.0.1", "d1") == [
        b'Reason: Q.850;cause=31;text="hours.weekday"', b'Warning: 399 10.0.0.1 "hours.weekday d1"', b"Retry-After: 60",
    ]  # fmt: skip
