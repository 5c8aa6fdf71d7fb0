"""Deliveries: tried again for 72 hours, and what goes wrong on purpose."""

from __future__ import annotations

import threading

from openai_mock.engine import deliveries
from openai_mock.engine.agenda import Agenda
from openai_mock.engine.deliveries import FIRST_RETRY, LONGEST, Deliveries
from openai_mock.engine.webhooks import Endpoint, Mode, signature

HOUR = 3600.0


class Post:
    """The deliveries to one endpoint, whose answers a test chooses."""

    def __init__(self, mode=None, *, seed=1, **chances):
        self.agenda = Agenda(threading.RLock())
        self.mail = Deliveries(self.agenda, seed, threading.RLock())
        self.endpoint = Endpoint("we_1", "http://a.test", ("secret",), mode=mode or Mode(chances, delay=60))

    def send(self, at=0.0, name="x"):
        self.mail.publish(self.mail.event("batch.completed", {"id": name}, "", at), [self.endpoint])

    def run(self, until, status=200):
        """What was tried, as (time, webhook-id, id of the object)."""
        tried = []
        while (found := self.agenda.take(until)) is not None:
            due, delivery = found
            tried.append((due, delivery.id, delivery.body.rsplit(b'"id":"', 1)[1].rstrip(b'"}').decode()))
            self.mail.ended(delivery, status)
        return tried


def test_what_is_not_taken_is_sent_again_twice_as_late_each_time_for_72_hours():
    post = Post()
    post.send(at=1_000)
    tried = post.run(1_000 + 10 * LONGEST, status=500)
    times = [at - 1_000 for at, _, _ in tried]
    assert times == [FIRST_RETRY * (2**n - 1) for n in range(16)]
    assert times[-1] <= LONGEST < times[-1] + FIRST_RETRY * 2**15
    assert len({webhook_id for _, webhook_id, _ in tried}) == 1
    shown = post.mail.log[0].shown()
    assert shown["state"] == "failed"
    assert [each["status"] for each in shown["attempts"]] == [500] * 16


def test_only_2xx_is_taken():
    for status, state in (
        (200, "delivered"),
        (299, "delivered"),
        (302, "waiting"),
        (404, "waiting"),
        (None, "waiting"),
    ):
        post = Post()
        post.send()
        post.run(1, status=status)
        assert post.mail.log[0].state == state, status


def test_duplicates_have_one_id_and_late_ones_come_late():
    post = Post(duplicate=1.0, late=1.0)
    post.send()
    assert post.run(59) == []
    (first, second) = post.run(60)
    assert first == second


def test_out_of_order_is_behind_the_next_or_after_the_delay():
    post = Post(out_of_order=1.0)
    for at, name in enumerate("abcd"):
        post.send(float(at), name)
    assert [name for _, _, name in post.run(3)] == ["b", "a", "d", "c"]
    post.send(10.0, "e")
    assert post.run(69) == []
    assert [name for _, _, name in post.run(70)] == ["e"]
    post.send(80.0, "f")
    assert post.run(80) == []


def test_what_is_dropped_is_only_noted():
    post = Post(drop=1.0, duplicate=1.0)
    post.send()
    assert post.run(LONGEST) == []
    assert [each.state for each in post.mail.log] == ["dropped"]


def test_a_forged_signature_is_wrong_and_a_stale_one_too_old():
    for mode, fits in (("forged", False), ("stale", True)):
        post = Post(**{mode: 1.0})
        post.send()
        delivery = post.mail.log[0]
        headers = delivery.headers(10_000)
        stamp = int(headers["webhook-timestamp"])
        assert (stamp == 10_000) is not fits
        assert (headers["webhook-signature"] == signature("secret", delivery.id, stamp, delivery.body)) is fits


def test_chance_repeats_with_the_seed_and_is_the_same_for_every_n_th_event():
    def drawn(seed):
        post = Post(seed=seed, drop=0.3, duplicate=0.3, late=0.2)
        for _ in range(200):
            post.send()
        return [(each.state, sorted(each.drawn)) for each in post.mail.log]

    assert drawn(1) == drawn(1) != drawn(2)
    dropped = sum(state == "dropped" for state, _ in drawn(1))
    assert 30 < dropped < 90


def test_what_waits_is_bounded(monkeypatch):
    monkeypatch.setattr(deliveries, "MOST_WAITING", 3)
    post = Post()
    for _ in range(5):
        post.send()
    assert [each.state for each in post.mail.log] == ["waiting"] * 3 + ["dropped"] * 2
    assert "3 deliveries wait already" in post.mail.log[-1].attempts[0].error
    post.run(0)
    post.send()
    assert post.mail.log[-1].state == "waiting"
