"""Platforms prove who they are; whatever they prove it by, the same rules follow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from proxy.b2bua.door import comes_by
from proxy.b2bua.logins import CERTIFICATE, DIGEST, Auth, AuthPolicy, DigestUser
from proxy.b2bua.trunks import PlatformTrunk, Topology
from proxy.policy.facts import TrunkFacts
from proxy.sip.digest import MD5, SHA_256, user_hash
from proxy.sip.hop import TLS, UDP, Hop
from tests.b2bua.digest_peer import authorization, fields, with_line
from tests.ladder import ANSWER, A, B, Callee, Caller, Ladder, Seen, carrier, hang_up, platform, set_up, topology

MakeLadder = Callable[..., Ladder]
REALM = b"edge.example.net"
STRANGER = ("198.51.100.7", 5060)
CERTIFIED = Hop(TLS, A[0], 40_000, 0, 3, "", "other.example,Platform.Example.Net")
SECURED = Hop(TLS, STRANGER[0], 40_000, 0, 4, "", "platform.example.net")


def user(name: str = "vms-1", word: bytes = b"wonder", customer: str = "") -> DigestUser:
    hashes = tuple((algorithm, user_hash(algorithm, name.encode(), REALM, word)) for algorithm in (SHA_256, MD5))
    return DigestUser(name.encode(), hashes, customer)


def digest(*users: DigestUser, in_dialog: bool = False, any_uri: bool = False) -> Auth:
    return Auth(DIGEST, REALM, users or (user(),), (SHA_256, MD5), in_dialog, any_uri)


def by(auth: Auth | None, **changes: object) -> Topology:
    policy = changes.pop("policy", AuthPolicy(key=b"k" * 32))
    assert isinstance(policy, AuthPolicy)
    return replace(topology(platform_trunk=platform(auth=auth, **changes)), auth=policy)


BY_DIGEST = by(digest(), sources=())
BY_CERTIFICATE = by(Auth(CERTIFICATE, names=("platform.example.net",)), sources=())


def challenged(ladder: Ladder, caller: Caller, source: tuple[str, int] = A, **invite: object) -> Seen:
    """Feed an INVITE without credentials; the 401."""
    ladder.feed_from(source, caller.invite(**invite))  # type: ignore[arg-type]  # whatever `invite` takes
    side = "a" if source == A else f"{source[0]}:{source[1]}"
    return ladder.one(f"{side} 401 INVITE")


def again(ladder: Ladder, caller: Caller, seen: Seen, source: tuple[str, int] = A, **how: object) -> bytes:
    """Acknowledge the 401 and send the INVITE with credentials."""
    ladder.feed_from(source, caller.ack_failure(seen))
    ladder.expect()
    caller.cseq += 1
    request = caller.invite()
    request = with_line(request, authorization(seen, request, **how))  # type: ignore[arg-type]  # whatever it takes
    ladder.feed_from(source, request)
    return request


def auth_counts(ladder: Ladder) -> dict[str, int]:
    return ladder.engine.counters.auth


# -- digest ------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", ["SHA-256", "MD5"])
@pytest.mark.parametrize("sources", [(), (A[0],)])
def test_a_call_with_credentials_is_one_call(ladder_of: MakeLadder, algorithm: str, sources: tuple[str, ...]) -> None:
    ladder = ladder_of(by(digest(), sources=sources))
    caller = Caller()
    seen = challenged(ladder, caller)
    ladder.assert_empty()
    assert not ladder.outputs
    again(ladder, caller, seen, algorithm=algorithm)
    _, invite = ladder.expect("a 100 INVITE", "b INVITE")
    assert not invite.message.has(b"authorization")
    assert len(ladder.decisions()) == 1
    assert ladder.engine.counters.dropped == {}
    assert auth_counts(ladder) == {"challenged": 1, "accepted": 1}


def test_a_challenge_offers_the_strongest_first_with_one_nonce(ladder_of: MakeLadder) -> None:
    seen = challenged(ladder_of(BY_DIGEST), Caller())
    offers = [fields(value) for value in seen.headers("www-authenticate")]
    assert [offer["algorithm"] for offer in offers] == ["SHA-256", "MD5"]
    assert {offer["nonce"] for offer in offers} == {offers[0]["nonce"]}
    assert {(offer["realm"], offer["qop"], offer.get("stale")) for offer in offers} == {
        ("edge.example.net", "auth", None)
    }


def test_a_retransmission_is_not_asked_again(ladder_of: MakeLadder) -> None:
    ladder = ladder_of(BY_DIGEST)
    caller = Caller()
    request = again(ladder, caller, challenged(ladder, caller))
    ladder.expect("a 100 INVITE", "b INVITE")
    ladder.feed("a", request)
    ladder.expect("a 100 INVITE")
    assert auth_counts(ladder)["accepted"] == 1


def test_a_nonce_serves_many_calls_with_growing_counts(ladder_of: MakeLadder) -> None:
    ladder = ladder_of(BY_DIGEST)
    first = Caller()
    seen = challenged(ladder, first)
    again(ladder, first, seen)
    ladder.expect("a 100 INVITE", "b INVITE")
    for number in (2, 3):
        request = Caller(number).invite()
        ladder.feed("a", with_line(request, authorization(seen, request, nc=number)))
        ladder.expect("a 100 INVITE", "b INVITE")
    assert auth_counts(ladder) == {"challenged": 1, "accepted": 3}


def test_a_count_that_was_used_is_stale(ladder_of: MakeLadder) -> None:
    ladder = ladder_of(BY_DIGEST)
    first = Caller()
    seen = challenged(ladder, first)
    again(ladder, first, seen)
    ladder.expect("a 100 INVITE", "b INVITE")
    request = Caller(2).invite()
    ladder.feed("a", with_line(request, authorization(seen, request, nc=1)))
    offers = [fields(value) for value in ladder.one("a 401 INVITE").headers("www-authenticate")]
    assert {offer["stale"] for offer in offers} == {"true"}
    assert auth_counts(ladder)["replayed"] == 1
    assert len(ladder.decisions()) == 1


def test_a_nonce_ends_and_its_password_is_not_looked_at(ladder_of: MakeLadder) -> None:
    ladder = ladder_of(BY_DIGEST)
    caller = Caller()
    seen = challenged(ladder, caller)
    ladder.advance(301)
    again(ladder, caller, seen, word="wrong")
    stale = ladder.one("a 401 INVITE")
    assert fields(stale.headers("www-authenticate")[0])["stale"] == "true"
    again(ladder, caller, stale)
    ladder.expect("a 100 INVITE", "b INVITE")
    assert auth_counts(ladder) == {"challenged": 1, "stale": 1, "accepted": 1}


def test_a_nonce_is_worth_nothing_elsewhere(ladder_of: MakeLadder) -> None:
    ladder = ladder_of(BY_DIGEST)
    caller = Caller()
    seen = challenged(ladder, caller)
    request = Caller(2).invite()
    ladder.feed_from(STRANGER, with_line(request, authorization(seen, request)))
    ladder.expect("198.51.100.7:5060 401 INVITE")
    assert auth_counts(ladder) == {"challenged": 1, "stale": 1}


@pytest.mark.parametrize("how", [{"word": "wunder"}, {"user": "vms-2"}, {"user": "nobody"}])
def test_wrong_credentials_are_403_and_all_alike(ladder_of: MakeLadder, how: dict[str, object]) -> None:
    ladder = ladder_of(BY_DIGEST)
    caller = Caller()
    again(ladder, caller, challenged(ladder, caller), A, **how)
    seen = ladder.one("a 403 INVITE")
    assert seen.headers("www-authenticate") == []
    assert auth_counts(ladder) == {"challenged": 1, "wrong": 1}
    assert not ladder.outputs
    ladder.assert_empty()


def test_credentials_for_another_address_are_400(ladder_of: MakeLadder) -> None:
    ladder = ladder_of(BY_DIGEST)
    caller = Caller()
    again(ladder, caller, challenged(ladder, caller), uri="sip:10.0.0.1:5060")
    ladder.expect("a 400 INVITE")
    lenient = ladder_of(by(digest(any_uri=True), sources=()))
    again(lenient, caller, challenged(lenient, caller), uri="sip:10.0.0.1:5060")
    lenient.expect("a 100 INVITE", "b INVITE")


def test_broken_credentials_are_400_and_those_of_others_none(ladder_of: MakeLadder) -> None:
    ladder = ladder_of(BY_DIGEST)
    ladder.feed("a", with_line(Caller().invite(), 'Authorization: Digest username="x'))
    ladder.expect("a 400 INVITE")
    for line in ('Digest username="u", realm="r", nonce="n", uri="x", response="0", cnonce="c", qop=auth, nc=00000001',
                 "Basic abc"):  # fmt: skip
        ladder.feed("a", with_line(Caller(2).invite(), "Authorization: " + line))
        ladder.expect("a 401 INVITE")
    assert auth_counts(ladder) == {"broken": 1, "challenged": 2}


def test_a_text_is_challenged_too(ladder_of: MakeLadder) -> None:
    ladder = ladder_of(BY_DIGEST)
    message = Caller().invite(body=b"").replace(b"INVITE", b"MESSAGE")
    ladder.feed("a", message)
    ladder.expect("a 401 MESSAGE")


def test_a_user_may_name_the_customer(ladder_of: MakeLadder) -> None:
    ladder = ladder_of(by(digest(user(), user("named-1", b"secret", "named")), sources=()))
    caller = Caller()
    again(ladder, caller, challenged(ladder, caller), user="named-1", word="secret")
    _, invite = ladder.expect("a 100 INVITE", "b INVITE")
    assert invite.header("from").startswith('"Avec Nom"')  # although X-Account says acme


def test_a_user_of_another_trunk_is_refused_at_this_address(ladder_of: MakeLadder) -> None:
    here = platform(auth=digest())
    there = platform(name="other", sources=("10.1.0.9",), auth=digest(user("other-1")))
    given = replace(topology(), platforms=(here, there), auth=AuthPolicy(key=b"k"))
    ladder = ladder_of(given)
    caller = Caller()
    again(ladder, caller, challenged(ladder, caller), user="other-1")
    ladder.expect("a 403 INVITE")


def test_the_right_user_over_the_wrong_transport_is_refused(ladder_of: MakeLadder) -> None:
    ladder = ladder_of(by(digest(), sources=(), transports=("tls",)))
    caller = Caller()
    again(ladder, caller, challenged(ladder, caller))
    ladder.expect("a 403 INVITE")


def test_guessing_is_refused_for_a_while_and_for_its_source_only(ladder_of: MakeLadder) -> None:
    ladder = ladder_of(by(digest(), sources=(), policy=AuthPolicy(key=b"k", failures=3, refused_for=60.0)))
    for number in range(1, 4):
        caller = Caller(number)
        again(ladder, caller, challenged(ladder, caller, STRANGER), STRANGER, word=f"guess{number}")
        ladder.expect("198.51.100.7:5060 403 INVITE")
    ladder.feed_from(STRANGER, Caller(9).invite())
    ladder.expect("198.51.100.7:5060 403 INVITE")
    assert auth_counts(ladder) == {"challenged": 3, "wrong": 3, "refused": 1}
    caller = Caller(10)
    again(ladder, caller, challenged(ladder, caller))
    ladder.expect("a 100 INVITE", "b INVITE")
    ladder.advance(61)
    ladder.unread.clear()
    challenged(ladder, Caller(11), STRANGER)


def test_nonces_and_failures_outlive_a_reload(ladder_of: MakeLadder) -> None:
    given = by(digest(), sources=(), policy=AuthPolicy(key=b"k", failures=1))
    ladder = ladder_of(given)
    caller, other = Caller(), Caller(2)
    seen = challenged(ladder, caller)
    again(ladder, other, challenged(ladder, other, STRANGER), STRANGER, word="no")
    ladder.expect("198.51.100.7:5060 403 INVITE")
    ladder.engine.use_topology(replace(given), ladder.now)
    again(ladder, caller, seen)
    ladder.expect("a 100 INVITE", "b INVITE")
    ladder.feed_from(STRANGER, Caller(3).invite())
    ladder.expect("198.51.100.7:5060 403 INVITE")


# -- inside a call -----------------------------------------------------------


def in_call(ladder_of: MakeLadder, in_dialog: bool) -> tuple[Ladder, Caller, Seen]:
    ladder = ladder_of(by(digest(in_dialog=in_dialog), sources=()))
    caller = Caller()
    seen = challenged(ladder, caller)
    again(ladder, caller, seen)
    _, invite = ladder.expect("a 100 INVITE", "b INVITE")
    talk = set_up_from(ladder, caller, invite)
    return ladder, talk, seen


def set_up_from(ladder: Ladder, caller: Caller, invite: Seen) -> Caller:
    ladder.feed("b", Callee(invite).reply(200, body=ANSWER))
    ok, _ = ladder.expect("a 200 INVITE", "b ACK")
    caller.learn(ok)
    ladder.feed("a", caller.ack())
    ladder.expect()
    return caller


def test_inside_a_call_nobody_asks_unless_told_to(ladder_of: MakeLadder) -> None:
    ladder, caller, _ = in_call(ladder_of, False)
    ladder.feed("a", caller.request("BYE"))
    ladder.expect("a 200 BYE", "b BYE")


def test_a_challenge_inside_a_call_leaves_it_whole(ladder_of: MakeLadder) -> None:
    ladder, caller, seen = in_call(ladder_of, True)
    ladder.feed("a", caller.request("INFO"))
    asked = ladder.one("a 401 INFO")
    info = caller.request("INFO")
    ladder.feed("a", with_line(info, authorization(asked, info)))
    crossed = ladder.one("b INFO")
    assert not crossed.message.has(b"authorization")
    ladder.feed("a", caller.request("INVITE"))
    refused = ladder.one("a 401 INVITE")
    ladder.feed("a", caller.ack_failure(refused))
    ladder.expect()
    bye = caller.request("BYE")
    ladder.feed("a", with_line(bye, authorization(refused, bye, word="wrong")))
    ladder.expect("a 403 BYE")
    bye = caller.request("BYE")
    ladder.feed("a", with_line(bye, authorization(seen, bye, nc=2)))
    ladder.expect("a 200 BYE", "b BYE")
    assert ladder.engine.counters.dropped == {}


# -- certificates ------------------------------------------------------------


def test_a_certificate_opens_the_door(ladder_of: MakeLadder) -> None:
    ladder = ladder_of(BY_CERTIFICATE)
    for hop in (CERTIFIED, SECURED):
        ladder.feed_from(hop, Caller(hop.connection).invite())
        assert [seen.label.split(" ", 1)[1] for seen in ladder.unread] == ["100 INVITE", "INVITE"]
        ladder.unread.clear()
    for stranger in (Hop(TLS, A[0], 40_001, 0, 5, "", "evil.example"), Hop(TLS, A[0], 40_002, 0, 6), Hop(UDP, *A)):
        ladder.feed_from(stranger, Caller(9).invite())
        assert [seen.message.status for seen in ladder.unread] == [403]
        ladder.unread.clear()
    assert ladder.engine.counters.dropped == {"unknown source": 3}


def test_an_address_may_have_to_show_a_certificate(ladder_of: MakeLadder) -> None:
    ladder = ladder_of(by(Auth(CERTIFICATE, names=("platform.example.net",))))
    ladder.feed("a", Caller().invite())
    ladder.expect("a 403 INVITE")
    ladder.feed_from(SECURED, Caller(2).invite())
    assert [seen.message.status for seen in ladder.unread] == [403]
    ladder.unread.clear()
    ladder.feed_from(CERTIFIED, Caller(3).invite())
    assert [seen.message.status for seen in ladder.unread] == [100, 0]
    ladder.unread.clear()
    assert auth_counts(ladder) == {"wrong": 1, "accepted": 1}


def test_a_carrier_is_never_challenged(ladder_of: MakeLadder) -> None:
    ladder = ladder_of(BY_DIGEST)
    ladder.feed("b", Caller().invite())
    ladder.expect("b 404 INVITE")  # its call is to none of our numbers


def test_a_platform_may_share_the_host_of_a_carrier(ladder_of: MakeLadder) -> None:
    beside = (B[0], B[1] + 1)
    ladder = ladder_of(BY_DIGEST)
    ladder.feed_from(beside, Caller().invite())
    ladder.expect(f"{beside[0]}:{beside[1]} 401 INVITE")
    closed = ladder_of()
    closed.feed_from(beside, Caller().invite())
    closed.expect(f"{beside[0]}:{beside[1]} 404 INVITE")


def test_transports_of_a_trunk() -> None:
    trunk = PlatformTrunk("t", (), TrunkFacts("t"), "c", transports=("tls", "tcp"))
    assert comes_by(trunk, SECURED)
    assert not comes_by(trunk, Hop(UDP, *A))
    assert comes_by(replace(trunk, transports=()), Hop(UDP, *A))


# -- no kind of authentication skips a rule -----------------------------------

KINDS: dict[str, tuple[Auth | None, tuple[str, ...]]] = {
    "address": (None, (A[0],)),
    "digest": (digest(), ()),
    "digest user that names the customer": (digest(user(customer="CUSTOMER")), ()),
    "address and digest": (digest(), (A[0],)),
    "certificate": (Auth(CERTIFICATE, names=("platform.example.net",)), ()),
    "address and certificate": (Auth(CERTIFICATE, names=("platform.example.net",)), (A[0],)),
}
# what a refusal rule looks at: account, caller, called, further headers
WRONGS: dict[str, tuple[str, str, str, tuple[str, ...]]] = {
    "customer.unknown": ("ghost", "+33145001234", "+33140000000", ()),
    "customer.suspended": ("stopped", "+33145001234", "+33140000000", ()),
    "destination.invalid": ("acme", "+33145001234", "01400", ()),
    "destination.class": ("acme", "+33145001234", "+33899000000", ()),
    "cli.mobile": ("acme", "+33612345678", "+33140000000", ()),
    "cli.mobile in another header": (
        "acme", "+33145001234", "+33140000000", ("P-Asserted-Identity: <sip:0612345678@x>",),
    ),
    "cli.not_owned": ("acme", "+33162000005", "+33140000000", ()),
    "hours": ("prospector", "+33145001234", "+33140000000", ()),
    "emergency": ("ghost", "+33612345678", "112", ()),
    "none": ("acme", "+33145001234", "+33140000000", ()),
    "hops": ("acme", "+33145001234", "+33140000000", ("Require: gruu",)),
    "encoded": ("acme", "+33145001234", "+33140000000", ("Content-Encoding: gzip", "Content-Type: application/sdp")),
}  # fmt: skip


def verdict(ladder_of: MakeLadder, kind: str, wrong: str, advance: float) -> tuple[list[int], list[tuple[str, ...]]]:
    """Statuses that the platform saw and rules that decided, once whoever calls has proved who he is."""
    auth, sources = KINDS[kind]
    account, shown, called, extra = WRONGS[wrong]
    if auth is not None and auth.users and auth.users[0].customer:
        auth = digest(user(customer=account))
    ladder = ladder_of(by(auth, sources=sources))
    ladder.advance(advance)
    caller = Caller(user=shown, called=called)
    source = CERTIFIED if auth is not None and auth.kind == CERTIFICATE else A
    if auth is not None and auth.kind == DIGEST:
        seen = challenged(ladder, caller, account=account, extra=extra)
        ladder.feed_from(A, caller.ack_failure(seen))
        request = caller.invite(account=account, extra=extra)
        request = with_line(request, authorization(seen, request))
    else:
        request = caller.invite(account=account, extra=extra)
    ladder.feed_from(source, request)
    statuses = [one.message.status for one in ladder.unread if one.side.startswith(("a", A[0]))]
    ladder.unread.clear()
    rules = [(one.decision.rule, one.facts.customer_id, *one.decision.warnings) for one in ladder.decisions()]
    return statuses, rules


@pytest.mark.parametrize("wrong", list(WRONGS))
@pytest.mark.parametrize("night", [0.0, 10 * 3600.0])
def test_no_kind_of_authentication_skips_a_rule(ladder_of: MakeLadder, wrong: str, night: float) -> None:
    verdicts = {kind: verdict(ladder_of, kind, wrong, night) for kind in KINDS}
    assert set(map(repr, verdicts.values())) == {repr(verdicts["address"])}, verdicts


def test_the_walk_through_the_rules_meets_refusals_of_each_sort(ladder_of: MakeLadder) -> None:
    met = {
        rule for wrong in WRONGS for rules in (verdict(ladder_of, "address", wrong, 36_000.0)[1],) for rule, *_ in rules
    }
    assert {"customer.unknown", "customer.suspended", "destination.invalid", "destination.class", "cli.mobile"} <= met
    assert any(rule.startswith("hours.") for rule in met)


def test_capacity_counts_the_trunk_whoever_its_users_are(ladder_of: MakeLadder) -> None:
    ladder = ladder_of(by(digest(user(), user("vms-2", b"two", "named")), sources=(), most_calls=1))
    first, second = Caller(), Caller(2)
    again(ladder, first, challenged(ladder, first))
    ladder.expect("a 100 INVITE", "b INVITE")
    again(ladder, second, challenged(ladder, second), user="vms-2", word="two")
    ladder.expect("a 503 INVITE")


def test_without_authentication_nothing_changed(ladder: Ladder) -> None:
    hang_up(set_up(ladder))
    assert auth_counts(ladder) == {}
    assert carrier().login is None
