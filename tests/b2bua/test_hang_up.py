"""The end of a call: BYE from either side, both at once, too early, unanswered."""

from __future__ import annotations

from tests.ladder import ANSWER, Callee, Caller, Ladder, hang_up, reply, set_up


def answered(ladder: Ladder, offer: bool = True) -> tuple[Caller, Callee]:
    """A call whose 200 the platform has but did not acknowledge."""
    caller = Caller()
    ladder.feed("a", caller.invite() if offer else caller.invite(body=b""))
    _, invite = ladder.expect("a 100 INVITE", "b INVITE")
    callee = Callee(invite)
    ladder.feed("b", callee.reply(200, body=ANSWER))
    seen = ladder.expect("a 200 INVITE", *(["b ACK"] if offer else []))
    caller.learn(seen[0])
    return caller, callee


def test_a_bye_of_the_platform_crosses_with_its_reason(ladder: Ladder) -> None:
    talk = set_up(ladder)
    ladder.feed("a", talk.caller.request("BYE", extra=['Reason: SIP;cause=200;text="done"']))
    _, bye = ladder.expect("a 200 BYE", "b BYE")
    assert bye.header("reason") == 'SIP;cause=200;text="done"'
    ladder.feed("b", reply(bye, 200))
    assert (ladder.records()[0].ended_by, ladder.records()[0].reason) == ("a", 'SIP;cause=200;text="done"')


def test_a_repeated_bye_gets_its_200_again(ladder: Ladder) -> None:
    talk = set_up(ladder)
    bye = talk.caller.request("BYE")
    ladder.feed("a", bye)
    done, _ = ladder.expect("a 200 BYE", "b BYE")
    ladder.feed("a", bye)
    assert ladder.one("a 200 BYE").data == done.data


def test_a_second_bye_after_the_end_is_481(ladder: Ladder) -> None:
    talk = set_up(ladder)
    hang_up(talk)
    ladder.feed("a", talk.caller.request("BYE"))
    ladder.expect("a 481 BYE")
    ladder.feed("b", talk.callee.request("BYE"))
    ladder.expect("b 481 BYE")


def test_two_byes_cross(ladder: Ladder) -> None:
    talk = set_up(ladder)
    ladder.feed("a", talk.caller.request("BYE"))
    _, bye = ladder.expect("a 200 BYE", "b BYE")
    ladder.feed("b", talk.callee.request("BYE"))
    ladder.expect("b 200 BYE")
    ladder.feed("b", reply(bye, 481))
    assert [record.ended_by for record in ladder.records()] == ["a"]
    ladder.advance(70)
    ladder.assert_empty()


def test_a_bye_that_is_never_answered_ends_the_call_all_the_same(ladder: Ladder) -> None:
    talk = set_up(ladder)
    ladder.feed("b", talk.callee.request("BYE"))
    ladder.expect("b 200 BYE", "a BYE")
    ladder.advance(32)
    assert {seen.label for seen in ladder.unread} == {"a BYE"}
    ladder.unread = []
    assert len(ladder.records()) == 1
    ladder.advance(32)
    ladder.assert_empty()


def test_a_bye_before_the_ack_is_taken_and_crosses(ladder: Ladder) -> None:
    caller, _ = answered(ladder)
    ladder.feed("a", caller.request("BYE"))
    _, bye = ladder.expect("a 200 BYE", "b BYE")
    ladder.feed("b", reply(bye, 200))
    ladder.advance(70)
    ladder.expect()
    ladder.assert_empty()


def test_a_bye_before_the_ack_of_a_late_offer_acknowledges_the_carrier_first(ladder: Ladder) -> None:
    caller, _ = answered(ladder, offer=False)
    ladder.feed("a", caller.request("BYE"))
    _, ack, bye = ladder.expect("a 200 BYE", "b ACK", "b BYE")
    assert ack.body == b""
    ladder.feed("b", reply(bye, 200))


def test_the_carriers_bye_waits_for_the_platforms_ack(ladder: Ladder) -> None:
    caller, callee = answered(ladder)
    ladder.feed("b", callee.request("BYE", extra=["Reason: Q.850;cause=16"]))
    ladder.expect("b 200 BYE")
    ladder.feed("a", caller.ack())
    bye = ladder.one("a BYE")
    assert bye.header("reason") == "Q.850;cause=16"
    ladder.feed("a", reply(bye, 200))
    (record,) = ladder.records()
    assert (record.ended_by, record.reason) == ("b", "Q.850;cause=16")


def test_the_carriers_bye_goes_on_when_the_ack_never_comes(ladder: Ladder) -> None:
    _, callee = answered(ladder)
    ladder.feed("b", callee.request("BYE"))
    ladder.expect("b 200 BYE")
    ladder.advance(32)
    bye = ladder.unread[-1]
    ladder.unread = []
    assert bye.label == "a BYE"
    ladder.feed("a", reply(bye, 200))
    assert len(ladder.records()) == 1
    ladder.advance(40)
    ladder.assert_empty()


def test_both_hang_up_before_the_ack(ladder: Ladder) -> None:
    caller, callee = answered(ladder)
    ladder.feed("b", callee.request("BYE"))
    ladder.expect("b 200 BYE")
    ladder.feed("a", caller.request("BYE"))
    ladder.expect("a 200 BYE")
    assert len(ladder.records()) == 1
    ladder.advance(70)
    ladder.expect()
    ladder.assert_empty()


def test_a_bye_in_an_early_dialog_cancels_and_shows_nothing_of_the_caller(ladder: Ladder) -> None:
    caller = Caller()
    ladder.feed("a", caller.invite())
    _, invite = ladder.expect("a 100 INVITE", "b INVITE")
    callee = Callee(invite)
    ladder.feed("b", callee.reply(183, body=ANSWER))
    caller.learn(ladder.one("a 183 INVITE"))
    ladder.feed("a", caller.request("BYE"))
    _, _, cancel = ladder.expect("a 200 BYE", "a 487 INVITE", "b CANCEL")
    assert b"145001234" not in cancel.data
    ladder.feed("b", reply(cancel, 200))
    ladder.feed("b", callee.reply(487))
    ladder.expect("b ACK")


def test_a_callee_may_not_hang_up_before_it_answered(ladder: Ladder) -> None:
    caller = Caller()
    ladder.feed("a", caller.invite())
    _, invite = ladder.expect("a 100 INVITE", "b INVITE")
    callee = Callee(invite)
    ladder.feed("b", callee.reply(180))
    ladder.expect("a 180 INVITE")
    ladder.feed("b", callee.request("BYE"))
    ladder.expect("b 200 BYE")
    ladder.feed("b", callee.reply(487))
    ladder.expect("b ACK", "a 487 INVITE")


def test_a_bye_while_a_re_invite_is_open_answers_that_first(ladder: Ladder) -> None:
    talk = set_up(ladder)
    ladder.feed("a", talk.caller.request("INVITE", body=ANSWER))
    again = ladder.one("b INVITE")
    ladder.feed("b", talk.callee.request("BYE"))
    _, ended, bye = ladder.expect("b 200 BYE", "a 487 INVITE", "a BYE")
    ladder.feed("a", talk.caller.ack_failure(ended))
    ladder.feed("a", reply(bye, 200))
    ladder.feed("b", talk.callee.reply(487, to=again))
    ladder.expect("b ACK")
    ladder.advance(70)
    ladder.assert_empty()


def test_a_bye_while_the_200_of_a_re_invite_is_unacknowledged_stops_its_repetition(ladder: Ladder) -> None:
    talk = set_up(ladder)
    ladder.feed("b", talk.callee.request("INVITE"))
    again = ladder.one("a INVITE")
    ladder.feed("a", reply(again, 200, body=ANSWER))
    ladder.expect("b 200 INVITE")
    ladder.feed("b", talk.callee.request("BYE"))
    _, ack, bye = ladder.expect("b 200 BYE", "a ACK", "a BYE")
    assert ack.header("cseq") == again.header("cseq").replace("INVITE", "ACK")
    ladder.feed("a", reply(bye, 200))
    ladder.advance(70)
    ladder.expect()
    ladder.assert_empty()


def test_every_reason_of_a_bye_crosses_both_ways_and_none_shows_the_caller(ladder: Ladder) -> None:
    reasons = ['SIP;cause=200;text="done"', "Q.850;cause=16", 'SIP;cause=480;text="01.45.00.12.34"']
    talk = set_up(ladder)
    ladder.feed("a", talk.caller.request("BYE", extra=[f"Reason: {reason}" for reason in reasons]))
    _, bye = ladder.expect("a 200 BYE", "b BYE")
    assert bye.headers("reason") == reasons[:2]
    ladder.feed("b", reply(bye, 200))
    talk = set_up(ladder, 2)
    ladder.feed("b", talk.callee.request("BYE", extra=[f"Reason: {reason}" for reason in reasons]))
    _, bye = ladder.expect("b 200 BYE", "a BYE")
    assert bye.headers("reason") == reasons
    ladder.feed("a", reply(bye, 200))


def test_the_reason_of_a_bye_that_must_wait_is_kept(ladder: Ladder) -> None:
    caller, callee = answered(ladder)
    ladder.feed("b", callee.request("BYE", extra=["Reason: Q.850;cause=16"]))
    ladder.expect("b 200 BYE")
    ladder.feed("a", caller.ack())
    assert ladder.one("a BYE").header("reason") == "Q.850;cause=16"


def test_the_reason_of_an_early_bye_crosses_in_the_cancel(ladder: Ladder) -> None:
    caller = Caller()
    ladder.feed("a", caller.invite())
    callee = Callee(ladder.expect("a 100 INVITE", "b INVITE")[1])
    ladder.feed("b", callee.reply(183, body=ANSWER))
    caller.learn(ladder.one("a 183 INVITE"))
    ladder.feed("a", caller.request("BYE", extra=["Reason: Q.850;cause=16"]))
    assert ladder.expect("a 200 BYE", "a 487 INVITE", "b CANCEL")[2].header("reason") == "Q.850;cause=16"
