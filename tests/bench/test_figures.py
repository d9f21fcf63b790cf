"""From the counts of SIPp and Linux to figures."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.bench.figures import CALL, REFUSED, Counts, Held, Load, Outcome, Search, counts, latency, middle, quantile

HEADER = "CallRate(P);TotalCallCreated;SuccessfulCall(C);FailedCall(C);Retransmissions(C);CurrentCall;"
OUTCOME = Outcome(
    job=CALL, rate=100, rate_reached=99.8, calls=1000, well=1000, sent_again=0, dropped=0, user_ms=0.3, system_ms=0.1,
    core_share=0.04, others_share=0.01, load_share=0.1, yard_ms=1.0, survived=True,
)  # fmt: skip


def test_a_load_lasts_as_many_calls_as_fit() -> None:
    assert Load(CALL, 20_000, 2.5).calls == 50_000
    assert Load(CALL, 1, 0.1).calls == 1


def test_the_last_row_counts_and_the_rate_is_that_of_full_seconds() -> None:
    rows = [
        "0;0;0;0;0;0;",
        "98;98;50;0;0;48;",
        "101;199;150;0;0;49;",
        "99;298;250;1;2;47;",
        "40;338;300;1;2;37;",
        "0;338;337;1;3;0;",
    ]
    assert counts("\n".join([HEADER, *rows])) == Counts(338, 337, 1, 3, 0, 99.0)


def test_a_row_that_is_being_written_is_left_out() -> None:
    assert counts(f"{HEADER}\n10;10;10;0;0;0;\n12;2").created == 10


@pytest.mark.parametrize("text", ["", HEADER + "\n"])
def test_nothing_counted_is_zero(text: str) -> None:
    assert counts(text) == Counts(0, 0, 0, 0, 0, 0.0)


def test_processor_time_is_user_and_system() -> None:
    assert OUTCOME.cpu_ms == pytest.approx(0.4)


def test_a_clean_load_is_one_whose_figures_count() -> None:
    assert OUTCOME.clean
    assert OUTCOME.failed == 0


@pytest.mark.parametrize(
    ("unclean", "failed"),
    [
        (replace(OUTCOME, well=999), 1),
        (replace(OUTCOME, sent_again=3), 0),
        (replace(OUTCOME, rate_reached=96.9), 0),
        (replace(OUTCOME, survived=False), 0),
        (replace(OUTCOME, job=REFUSED, sent_again=1), 0),
    ],
)
def test_an_unclean_load_is_known(unclean: Outcome, failed: int) -> None:
    assert not unclean.clean
    assert unclean.failed == failed


def test_a_message_in_a_thousand_may_be_sent_again() -> None:
    assert replace(OUTCOME, sent_again=2).clean


def test_the_middle_is_taken_of_the_clean_ones() -> None:
    outcomes = [replace(OUTCOME, user_ms=user) for user in (0.5, 0.2, 0.3)]
    assert middle([*outcomes, replace(OUTCOME, user_ms=0.01, well=0)]) == outcomes[2]
    assert middle(outcomes[:2]) == outcomes[1]
    assert middle([]) is None
    assert middle([replace(OUTCOME, well=1)]) is None


def test_quantiles() -> None:
    values = [float(n) for n in range(100, 0, -1)]
    assert [quantile(values, share) for share in (0.0, 0.5, 0.99, 1.0)] == [1.0, 51.0, 100.0, 100.0]
    assert quantile([], 0.5) == 0.0


def test_latency_is_between_coming_and_leaving_of_the_same_call() -> None:
    came = {b"1": 1_000_000, b"2": 5_000_000, b"3": 9_000_000}
    found = latency(50, came, {b"1": 1_500_000, b"2": 7_000_000, b"9": 1}, True)
    assert (found.rate, found.seen, found.p50, found.p99, found.most) == (50, 2, 2.0, 2.0, 2.0)
    assert latency(50, came, {}, False).seen == 0


def test_memory_per_call() -> None:
    assert Held(1000, 1000, 10_000_000, 10_000_000 + 3 * 1024 * 1000).per_call == pytest.approx(3.0)
    assert Held(5, 0, 5, 5).per_call == 0.0


def test_memory_counts_when_the_calls_were_up() -> None:
    assert Held(1000, 990, 0, 1).whole
    assert not Held(1000, 989, 0, 1).whole


def searched(can: int, known: int, first: int, most: int = 12_000, steps: int = 20) -> tuple[int, list[int]]:
    """What is found of somebody who can do `can`, and what was tried."""
    search = Search(known, first, most, steps)
    tried = []
    while (rate := search.next()) is not None:
        tried.append(rate)
        search.saw(rate, rate <= can)
    return search.clean, tried


@pytest.mark.parametrize("can", [1000, 1234, 2900, 4336, 11_000])
@pytest.mark.parametrize("first", [900, 2000, 9000])
def test_the_highest_rate_is_found_within_a_twentieth(can: int, first: int) -> None:
    found, tried = searched(can, 1000, first)
    assert can * 0.94 <= found <= can
    assert len(tried) < 18
    assert len(set(tried)) == len(tried)


def test_a_search_is_bounded() -> None:
    assert len(searched(4000, 100, 200, steps=3)[1]) == 3
    assert max(searched(10**6, 100, 200, most=500)[1]) == 500
    assert searched(10**6, 100, 200, most=500)[0] == 500


def test_a_search_that_finds_nothing_says_so() -> None:
    assert searched(0, 0, 64, steps=3) == (0, [64, 32, 16])
