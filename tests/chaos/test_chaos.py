"""Thirty-two customers order, pay, cancel, get money back and are checked in, while everything
around them is killed; afterwards the books are read, ours and the channels'."""
from pathlib import Path

import pytest

import books
import history
import invariants
from aftermath import CLIENTS, KILLS

MONEY, LATER = invariants.read(Path(__file__).parent / "invariants.sql")


def test_there_was_chaos(chaos):
    print("\n" + chaos.story(), end="")
    assert chaos.crowd_ended == [0] * len(chaos.crowd_ended)
    assert chaos.nemesis.kills >= KILLS
    assert len({w.token for w in chaos.wishes.values()}) >= CLIENTS
    assert chaos.unseen() == []


def test_every_outcome_gets_known(chaos):
    assert chaos.open == []


def test_everything_that_was_under_way_has_ended(chaos):
    assert chaos.left == {}


def test_no_answer_was_without_sense(chaos):
    assert chaos.wrong == []
    strange = {(t.status, t.code) for w in chaos.wishes.values() for t in w.answers
               if t.status >= 500 and t.status != 503 and t.code != "channel_refused"
               or t.code in ("bad_request", "bad_json", "unauthenticated", "forbidden")}
    assert strange == set()


def test_the_bills_were_reconciled(chaos):
    assert {code for code, _ in chaos.reconciled} == {0}, chaos.reconciled


@pytest.mark.parametrize("check", history.CHECKS, ids=lambda check: check.__name__)
def test_the_history_has_no(chaos, check):
    assert check(chaos.wishes, chaos.facts)[:3] == []


@pytest.mark.parametrize("name", invariants.NAMED)
def test_about_courts(chaos, name):
    assert chaos.house.db.rows(invariants.NAMED[name])[:5] == []


@pytest.mark.parametrize("name", MONEY)
def test_about_money_and_words(chaos, name):
    assert chaos.house.db.rows(MONEY[name])[:5] == []


def test_every_payment_is_in_both_books(chaos):
    ours, theirs = books.known_paid(chaos.house.db), books.channel_paid(chaos.house.sim)
    assert ours and books.payments_differ(ours, theirs) == {}


def test_every_refund_is_in_both_books(chaos):
    ours, theirs = books.known_refunds(chaos.house.db), books.channel_refunds(chaos.house.sim)
    assert ours and books.refunds_differ(ours, theirs) == {}


def test_all_the_money_is_kept_given_back_or_on_the_work_list(chaos):
    paid, refunded = books.channel_paid(chaos.house.sim), books.channel_refunds(chaos.house.sim)
    sums = books.balance(chaos.house.db, paid, refunded)
    print("\n", sums)
    assert books.balanced(sums), sums
