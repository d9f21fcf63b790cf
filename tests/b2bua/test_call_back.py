"""Call backs as ladders: the carrier calls, the platform or another number is called."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from proxy.b2bua.gateways import Place
from proxy.b2bua.logins import CarrierLogin
from proxy.b2bua.trunks import Limits
from proxy.policy.edition import Edition
from proxy.runtime.edition_file import load_edition
from tests.b2bua.back import OURS, PBX, PERSON, Pbx, Person, back_topology, put_through
from tests.ladder import ANSWER, A, Callee, Caller, Ladder, hang_up, set_up

CONFIG = Path(__file__).parents[2] / "config"
MakeLadder = Callable[..., Ladder]


@pytest.fixture(scope="module")
def called_back() -> Edition:
    """The shipped rules with the customers who are called back."""
    customers = Path(__file__).with_name("back_customers.toml")
    return load_edition(CONFIG / "rules", CONFIG / "numbering.toml", customers)


@pytest.fixture
def back(ladder_of: MakeLadder, called_back: Edition) -> Ladder:
    return ladder_of(back_topology(server_name="edge"), called_back)


def outcomes(ladder: Ladder) -> dict[str, int]:
    return ladder.engine.counters.call_backs


def refused(ladder: Ladder, status: int, called: str, **how: object) -> None:
    """A call back that ends with this answer."""
    person = Person(called=called)
    ladder.feed("b", person.invite(**how))
    answer = ladder.one(f"b {status} INVITE")
    ladder.feed("b", person.ack_failure(answer))
    assert f'text="{ladder.decisions()[-1].decision.rule}"' in answer.header("reason")
    assert ladder.records() == []
    ladder.advance(40)
    ladder.assert_empty()


def test_a_person_reaches_the_customer_and_hangs_up(back: Ladder) -> None:
    talk = put_through(back)
    back.feed("b", talk.person.request("BYE"))
    _, bye = back.expect("b 200 BYE", "a BYE")
    back.feed("a", talk.pbx.reply(200, to=bye))
    record = back.records()[0]
    assert (record.direction, record.trunk, record.carrier, record.customer) == ("back", "carrier-1", "vms", "acme")
    assert (record.called, record.status, record.ended_by, record.campaign) == (OURS, 200, "a", "")
    decision = back.decisions()[0]
    assert (decision.decision.rule, decision.id) == ("callback.forwarded", record.decision_id)
    assert not back.fetches()
    assert outcomes(back) == {"forwarded": 1}
    back.advance(40)
    back.assert_empty()


def test_a_carrier_may_call_from_another_address(ladder_of: MakeLadder, called_back: Edition) -> None:
    ladder = ladder_of(back_topology(sources=("198.51.100.0/24",)), called_back)
    ladder.feed_from(("198.51.100.7", 5060), Person().invite())
    ladder.expect("198.51.100.7:5060 100 INVITE", "a INVITE")
    ladder.feed_from(("198.51.101.7", 5060), Person(2).invite())
    ladder.expect("198.51.101.7:5060 403 INVITE")


def test_a_carrier_that_asks_for_credentials_gets_them_from_the_called_side_too(
    ladder_of: MakeLadder, called_back: Edition
) -> None:
    ladder = ladder_of(back_topology(login=CarrierLogin(b"edge", b"secret")), called_back)
    talk = put_through(ladder)
    ladder.feed("a", talk.pbx.request("INVITE", body=ANSWER))
    asked = ladder.one("b INVITE")
    assert asked.header("authorization") == ""
    ladder.feed(
        "b", Callee(asked).reply(401, extra=['WWW-Authenticate: Digest realm="carrier", nonce="n1"'], contact=False)
    )
    _, again = ladder.expect("b ACK", "b INVITE")
    assert 'username="edge"' in again.header("authorization")
    assert int(again.header("cseq").split()[0]) == int(asked.header("cseq").split()[0]) + 1
    ladder.feed("b", Callee(again).reply(200, to=again, body=ANSWER))
    ok, _ = ladder.expect("a 200 INVITE", "b ACK")
    ladder.feed("a", talk.pbx.ack(ok))
    ladder.feed("a", talk.pbx.request("BYE"))
    _, bye = ladder.expect("a 200 BYE", "b BYE")
    assert 'uri="sip:gw@10.2.0.1:5080"' in bye.header("authorization")
    ladder.feed("b", Callee(bye).reply(200, to=bye))


def test_the_customer_hangs_up(back: Ladder) -> None:
    talk = put_through(back)
    back.feed("a", talk.pbx.request("BYE"))
    _, bye = back.expect("a 200 BYE", "b BYE")
    back.feed("b", Callee(bye).reply(200, to=bye))
    assert back.records()[0].ended_by == "b"


def test_each_leg_is_a_dialog_of_its_own(back: Ladder) -> None:
    person = Person()
    back.feed("b", person.invite(hops="20"))
    _, invite = back.expect("b 100 INVITE", "a INVITE")
    assert invite.start == "INVITE sip:accueil@pbx.acme.example SIP/2.0"
    assert invite.header("to") == "<sip:+33162000001@10.0.0.1;user=phone>"
    assert invite.header("from").startswith(f"<sip:{PERSON}@10.0.0.1;user=phone>;tag=")
    assert invite.header("max-forwards") == "19"
    assert invite.header("contact") == "<sip:10.0.0.1:5060>"
    assert len(invite.headers("via")) == 1
    for told in ("carrier.example", person.call_id, person.tag, "10.2.0.1"):
        assert told not in invite.head
    pbx = Pbx(invite)
    back.feed("a", pbx.reply(486))
    _, busy = back.expect("a ACK", "b 486 INVITE")
    assert pbx.tag not in busy.head


def test_nothing_of_the_platform_is_seen_by_the_caller(back: Ladder) -> None:
    back.feed("b", Person().invite())
    _, invite = back.expect("b 100 INVITE", "a INVITE")
    telling = (
        "Server: Asterisk PBX 20",
        "P-Asserted-Identity: <sip:agent7@pbx.acme.example>",
        "Remote-Party-ID: <sip:agent7@10.1.0.1>",
        'Reason: SIP;cause=200;text="agent7 at pbx.acme.example"',
        "Alert-Info: <http://10.1.0.1/ring.wav>",
        "X-Agent: agent7",
    )
    sdp = ANSWER.replace(b"o=bob", b"o=agent7").replace(b"s=-", b"s=agent7\r\nu=http://pbx.acme.example/agent7")
    pbx = Pbx(invite)
    back.feed("a", pbx.reply(183, extra=telling, body=sdp))
    early = back.one("b 183 INVITE")
    back.feed("a", pbx.reply(200, extra=telling, body=sdp))
    ok, _ = back.expect("b 200 INVITE", "a ACK")
    for seen in (early, ok):
        assert b"agent7" not in seen.data
        assert b"acme" not in seen.data
        assert b"10.1.0.1" not in seen.data
        assert seen.header("server") == "edge"
        assert seen.header("contact") == "<sip:10.0.0.1:5060>"
        assert b"m=audio 6000" in seen.body


@pytest.mark.parametrize(
    "uri",
    [
        "sip:0162000001@10.0.0.1",
        "sip:0033162000001@edge.example.net:5060;user=phone",
        "sip:+33162000001;npdi;rn=+33999@10.0.0.1;user=phone",
        "sip:33162000001@10.0.0.1",
        "sip:01.62.00.00.01@10.0.0.1",
        "tel:+33-1-62-00-00-01",
    ],
)
def test_the_number_is_known_in_any_writing(back: Ladder, uri: str) -> None:
    back.feed("b", Person().invite().replace(b"INVITE sip:+33162000001@10.0.0.1 SIP", f"INVITE {uri} SIP".encode()))
    back.expect("b 100 INVITE", "a INVITE")
    assert back.decisions()[0].facts.called_text != ""


def test_a_platform_whose_name_leads_nowhere_yet_is_503(ladder_of: MakeLadder, called_back: Edition) -> None:
    given = back_topology()
    ladder = ladder_of(replace(given, call_backs=(replace(PBX, host="", address="pbx.acme.example"),)), called_back)
    ladder.feed("b", Person().invite())
    _, answer = ladder.expect("b 100 INVITE", "b 503 INVITE")
    assert answer.header("retry-after")
    ladder.engine.use_places("vms", [Place("udp", *A)], ladder.now)
    ladder.feed("b", Person(2).invite())
    ladder.expect("b 100 INVITE", "a INVITE")
    assert ladder.engine.fabric.capacity.node.live == 1


def test_the_caller_is_shown_as_the_carrier_says(back: Ladder) -> None:
    person = Person(user="0612345678")
    person.display = "Marie"
    back.feed("b", person.invite(extra=["P-Asserted-Identity: <sip:+33140000009@carrier.example>, <tel:+33140000009>"]))
    _, invite = back.expect("b 100 INVITE", "a INVITE")
    assert invite.header("from").startswith('"Marie" <sip:+33612345678@10.0.0.1;user=phone>;tag=')
    assert invite.headers("p-asserted-identity") == ["<sip:+33140000009@10.0.0.1;user=phone>"] * 2
    assert invite.header("privacy") == ""
    assert back.decisions()[0].decision.number is None


def test_a_caller_without_a_number_keeps_its_name(back: Ladder) -> None:
    back.feed("b", Person(user="marie").invite())
    _, invite = back.expect("b 100 INVITE", "a INVITE")
    assert invite.header("from").startswith("<sip:marie@10.0.0.1>;tag=")


@pytest.mark.parametrize(
    ("user", "extra"),
    [
        (PERSON, ["Privacy: id"]),
        (PERSON, ["Privacy: header;user;critical"]),
        ("anonymous", []),
    ],
)
def test_who_withholds_its_number_stays_unknown(back: Ladder, user: str, extra: list[str]) -> None:
    person = Person(user=user)
    person.display = "Marie Martin"
    asserted = f"P-Asserted-Identity: <sip:{PERSON}@carrier.example>"
    back.feed("b", person.invite(extra=[*extra, asserted, f'Reason: SIP;text="{PERSON}"']))
    _, invite = back.expect("b 100 INVITE", "a INVITE")
    assert invite.header("from").startswith('"Anonymous" <sip:anonymous@anonymous.invalid>;tag=')
    assert invite.headers("p-asserted-identity") == []
    assert invite.header("privacy") == "id"
    for told in (b"612345678", b"Martin", b"carrier.example"):
        assert told not in invite.data


def test_privacy_none_shows_the_caller(back: Ladder) -> None:
    back.feed("b", Person().invite(extra=["Privacy: none"]))
    _, invite = back.expect("b 100 INVITE", "a INVITE")
    assert PERSON in invite.header("from")


def test_a_number_as_target_goes_out_by_the_customers_route(back: Ladder) -> None:
    back.feed("b", Person(called="+33162000003", user="0140000009").invite())
    _, invite = back.expect("b 100 INVITE", "b INVITE")
    assert invite.start == "INVITE sip:+33612345678@10.2.0.1:5080;user=phone SIP/2.0"
    assert invite.header("to") == "<sip:+33612345678@edge.example.net;user=phone>"
    assert invite.header("from").startswith("<sip:+33140000009@edge.example.net;user=phone>")
    assert invite.header("diversion").startswith("<sip:+33162000003@edge.example.net;user=phone>;reason=unconditional")
    back.feed("b", Callee(invite).reply(200, body=ANSWER))
    back.expect("b 200 INVITE", "b ACK")
    assert back.engine.fabric.capacity.node.live == 1


def test_a_number_of_who_has_no_trunk_goes_back_to_the_carrier(back: Ladder) -> None:
    back.feed("b", Person(called="+33270000003").invite(extra=["Privacy: id"]))
    _, invite = back.expect("b 100 INVITE", "b INVITE")
    assert invite.start == "INVITE sip:+33240000000@10.2.0.1:5080;user=phone SIP/2.0"
    assert invite.header("privacy") == "id"
    assert PERSON[3:] not in invite.head


def test_a_target_at_the_platform_of_another_is_found_by_its_host(back: Ladder) -> None:
    back.feed("b", Person(called="+33270000001").invite())
    _, invite = back.expect("b 100 INVITE", "a INVITE")
    assert invite.start == "INVITE sip:lodger@PBX.acme.example;user=phone SIP/2.0"


def test_a_target_is_called_without_its_headers_over_what_the_trunk_says(back: Ladder) -> None:
    back.feed("b", Person(called="+33162000015").invite())
    _, invite = back.expect("b 100 INVITE", "a INVITE")
    assert invite.start == "INVITE sip:accueil@pbx.acme.example;x=y SIP/2.0"


def test_a_target_at_no_known_host_goes_to_the_customers_own_trunk(back: Ladder) -> None:
    back.feed("b", Person(called="+33162000002").invite())
    _, invite = back.expect("b 100 INVITE", "a INVITE")
    assert invite.start == "INVITE sip:accueil@elsewhere.example SIP/2.0"


def test_a_number_as_target_is_followed_and_costs_a_hop(back: Ladder) -> None:
    back.feed("b", Person(called="+33162000007").invite(hops="9"))
    _, invite = back.expect("b 100 INVITE", "a INVITE")
    assert invite.header("to") == "<sip:+33162000007@10.0.0.1;user=phone>"
    assert invite.header("max-forwards") == "7"


@pytest.mark.parametrize(
    ("called", "status", "outcome"),
    [
        ("+33162000099", 404, "unknown"),
        ("+33140000000", 404, "unknown"),
        ("112", 404, "unknown"),
        ("accueil", 404, "unknown"),
        ("+33162000010", 404, "unknown"),
        ("+33162000008", 480, "no_target"),
        ("+33162000011", 480, "no_target"),
        ("+33162000012", 480, "no_target"),
        ("+33162000014", 480, "no_way"),
        ("+33270000002", 480, "no_way"),
        ("+33162000004", 482, "ring"),
        ("+33162000005", 482, "ring"),
        ("+33162000013", 482, "ring"),
    ],
)
def test_what_leads_nowhere_is_refused(back: Ladder, called: str, status: int, outcome: str) -> None:
    refused(back, status, called)
    assert outcomes(back) == {outcome: 1}


def test_a_suspended_right_is_still_called_back(back: Ladder) -> None:
    back.feed("b", Person(called="+33162000009").invite())
    back.expect("b 100 INVITE", "a INVITE")


@pytest.mark.parametrize(
    "line",
    [
        "Diversion: <sip:+33162000003@edge.example.net;user=phone>;reason=unconditional;counter=1",
        "History-Info: <sip:0162000003@edge.example.net>;index=1, <sip:+33612345678@carrier.example>;index=1.1",
    ],
)
def test_a_call_that_comes_round_over_other_networks_is_482(back: Ladder, line: str) -> None:
    refused(back, 482, "+33162000003", extra=[line])
    assert outcomes(back) == {"ring": 1}


def test_a_diversion_of_another_number_or_without_sense_is_no_ring(back: Ladder) -> None:
    lines = ["Diversion: <sip:+33140000009@carrier.example>", "History-Info: <sip:", "Diversion: <urn:x:y>"]
    back.feed("b", Person().invite(extra=lines))
    back.expect("b 100 INVITE", "a INVITE")


def test_hops_end_at_zero_and_between_targets(back: Ladder) -> None:
    back.feed("b", Person().invite(hops="0"))
    back.expect("b 483 INVITE")
    refused(back, 483, "+33162000007", hops="1")
    assert outcomes(back) == {"hops": 1}


def test_one_request_over_two_ways_is_merged(back: Ladder) -> None:
    person = Person()
    back.feed("b", person.invite())
    back.expect("b 100 INVITE", "a INVITE")
    back.feed("b", person.invite())
    back.expect("b 482 INVITE")


def test_a_retransmission_is_one_call(back: Ladder) -> None:
    data = Person().invite()
    back.feed("b", data)
    back.expect("b 100 INVITE", "a INVITE")
    back.feed("b", data)
    back.expect("b 100 INVITE")
    assert outcomes(back) == {"forwarded": 1}


def test_a_node_that_stops_takes_no_calls_back(back: Ladder) -> None:
    back.engine.drain()
    back.feed("b", Person().invite())
    assert back.one("b 503 INVITE").header("retry-after")


def test_the_limit_of_the_node_holds_and_is_given_back(ladder_of: MakeLadder, called_back: Edition) -> None:
    ladder = ladder_of(back_topology(limits=Limits(max_calls=1)), called_back)
    first = put_through(ladder)
    second = Person(2)
    ladder.feed("b", second.invite())
    full = ladder.one("b 503 INVITE")
    assert full.header("retry-after") == "1"
    assert outcomes(ladder) == {"forwarded": 1, "capacity": 1}
    ladder.feed("b", second.ack_failure(full))
    ladder.feed("b", first.person.request("BYE"))
    _, bye = ladder.expect("b 200 BYE", "a BYE")
    ladder.feed("a", first.pbx.reply(200, to=bye))
    assert ladder.engine.fabric.capacity.node.live == 0
    put_through(ladder, Person(3))


def test_a_cancel_before_and_after_ringing(back: Ladder) -> None:
    for number in (1, 2):
        person = Person(number)
        back.feed("b", person.invite())
        _, invite = back.expect("b 100 INVITE", "a INVITE")
        pbx = Pbx(invite, f"ptag{number}")
        if number == 2:
            back.feed("a", pbx.reply(180))
            back.expect("b 180 INVITE")
        back.feed("b", person.cancel())
        if number == 1:
            back.expect("b 200 CANCEL", "b 487 INVITE")
            back.feed("a", pbx.reply(180))
            cancel = back.one("a CANCEL")
        else:
            cancel = back.expect("b 200 CANCEL", "b 487 INVITE", "a CANCEL")[2]
        back.feed("a", pbx.reply(200, to=cancel))
        back.feed("a", pbx.reply(487))
        back.expect("a ACK")
    assert [record.status for record in back.records()] == [487, 487]


def test_early_media_and_prack_cross(back: Ladder) -> None:
    person = Person()
    back.feed("b", person.invite(extra=["Supported: 100rel"]))
    _, invite = back.expect("b 100 INVITE", "a INVITE")
    pbx = Pbx(invite)
    back.feed("a", pbx.reply(183, extra=["Require: 100rel", "RSeq: 77"], body=ANSWER))
    early = back.one("b 183 INVITE")
    assert early.header("rseq") == "1"
    person.learn(early)
    back.feed("b", person.request("PRACK", extra=["RAck: 1 1 INVITE"]))
    prack = back.one("a PRACK")
    assert prack.header("rack") == "77 1 INVITE"
    back.feed("a", pbx.reply(200, to=prack))
    back.expect("b 200 PRACK")


def test_both_ends_may_change_the_session(back: Ladder) -> None:
    talk = put_through(back)
    back.feed("b", talk.person.request("INVITE", body=ANSWER))
    again = back.one("a INVITE")
    back.feed("a", talk.pbx.reply(200, to=again, body=ANSWER))
    back.expect("b 200 INVITE", "a ACK")
    back.feed("b", talk.person.ack(cseq=2))
    back.feed("a", talk.pbx.request("INVITE", body=ANSWER.replace(b"o=bob", b"o=agent7")))
    hold = back.one("b INVITE")
    assert b"agent7" not in hold.data
    back.feed("b", Callee(hold).reply(200, to=hold, body=ANSWER))
    ok, _ = back.expect("a 200 INVITE", "b ACK")
    back.feed("a", talk.pbx.ack(ok))


def test_a_call_back_is_transferred_by_nobody(ladder_of: MakeLadder, called_back: Edition) -> None:
    ladder = ladder_of(back_topology(transfer=True), called_back)
    person = Person(called="+33162000003")
    ladder.feed("b", person.invite())
    _, invite = ladder.expect("b 100 INVITE", "b INVITE")
    callee = Callee(invite)
    ladder.feed("b", callee.reply(200, body=ANSWER))
    ok, _ = ladder.expect("b 200 INVITE", "b ACK")
    person.learn(ok)
    ladder.feed("b", person.ack())
    for side in (person, callee):
        ladder.feed("b", side.request("REFER", extra=["Refer-To: <sip:+33140000000@10.0.0.1>"]))
        ladder.expect("b 403 REFER")


@pytest.mark.parametrize(("status", "seen"), [(302, 480), (401, 502), (407, 502), (503, 503), (603, 603)])
def test_what_the_platform_answers(back: Ladder, status: int, seen: int) -> None:
    back.feed("b", Person().invite())
    _, invite = back.expect("b 100 INVITE", "a INVITE")
    back.feed("a", Pbx(invite).reply(status, extra=["Contact: <sip:+33899000000@10.9.9.9>"]))
    _, answer = back.expect("a ACK", f"b {seen} INVITE")
    assert "10.9.9.9" not in answer.head


def test_a_607_of_the_platform_is_no_refusal_of_a_person(back: Ladder) -> None:
    back.feed("b", Person().invite())
    _, invite = back.expect("b 100 INVITE", "a INVITE")
    back.feed("a", Pbx(invite).reply(607))
    back.expect("a ACK", "b 607 INVITE")
    assert [type(output).__name__ for output in back.outputs] == ["DecisionRecord", "CallRecord"]


def test_a_platform_that_is_silent_is_408(back: Ladder) -> None:
    back.feed("b", Person().invite())
    back.expect("b 100 INVITE", "a INVITE")
    back.advance(32)
    back.expect(*["a INVITE"] * 6, "b 408 INVITE")


def test_the_platforms_own_calls_are_decided_as_before(back: Ladder) -> None:
    back.feed("a", Caller(7).invite(account=""))
    back.one("a 100 INVITE")
    assert len(back.fetches()) == 1  # a prospector's call: the ledger is asked
    assert outcomes(back) == {}


def test_an_ordinary_record_says_so(ladder: Ladder) -> None:
    hang_up(set_up(ladder))
    assert ladder.records()[0].direction == "out"
