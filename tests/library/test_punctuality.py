"""Figures of load, added up and judged, and the endpoint that tells them."""

from __future__ import annotations

import httpx
import pytest

from openai_mock import OpenAIMock
from openai_mock.doors.punctuality import Punctuality
from openai_mock.library.punctuality import LIMITS, exceeded, figures, in_words, limits_of, percentile


def raw(late=(), *, cpu=0.5, answers=1):
    mine = Punctuality(now=lambda: 10.0, cpu=lambda: 0.0)
    for value in late:
        mine.lateness.add(value)
    return {**mine.raw(), "answers": answers, "busy": 1.0, "cpu": cpu}


def test_several_servers_add_up():
    found = figures([raw([0.001] * 90, cpu=0.9), raw([0.1] * 10, cpu=0.2)])
    assert found["workers"] == found["answers"] == 2
    assert found["chunks"] == 100
    assert found["lateness_ms"]["p50"] == pytest.approx(1, rel=0.01)
    assert found["lateness_ms"]["p99"] == pytest.approx(100, rel=0.01)
    assert found["cpu"] == 0.9


def test_nothing_measured_is_no_verdict():
    assert exceeded(figures([raw([1.0] * 5, answers=0)]), LIMITS) == []


@pytest.mark.parametrize(
    ("cpu", "advice"), [(0.93, "--workers 2 or more"), (0.3, "something else on the machine took the time")]
)
def test_a_bottleneck_is_told_with_figure_limit_and_what_to_do(cpu, advice):
    said = " ".join(exceeded(figures([raw([0.0234] * 100, cpu=cpu)]), LIMITS))
    assert "The mock was the bottleneck: 1 % of the chunks were written more than 23.4 ms after they were due" in said
    assert "the limit is 10 ms (lateness=10ms)" in said
    assert advice in said


def test_processor_time_alone_is_a_bottleneck_too():
    first, advice = exceeded(figures([raw(cpu=0.99)]), LIMITS)
    assert "it used 99% of a core while it answered; the limit is 95% (cpu=95%)" in first
    assert "with fewer streams" in advice
    assert not exceeded(figures([raw(cpu=0.99)]), limits_of(["cpu=100%"]))


def test_limits_are_given_by_name():
    assert limits_of(["lateness=2ms", "cpu=0.5"]) == {**LIMITS, "lateness": 0.002, "cpu": 0.5}


@pytest.mark.parametrize(
    "text", ["lateness", "late=1ms", "lateness=soon", "cpu=much", "=1", "cpu=nan", "cpu=-1", "lateness=nan"]
)
def test_a_wrong_limit_is_a_sentence(text):
    with pytest.raises(ValueError, match="Write one"):
        limits_of([text])


def test_the_figures_in_words():
    text = in_words(figures([raw([0.002] * 3), raw()]))
    assert text.startswith("Load over 0.0 s, 2 workers: 2 answers, 0 of them in pieces, 3 paced chunks\n")
    assert "lateness of chunks (ms)" in text


def test_the_first_look_begins_and_others_begin_again_or_end():
    mock = OpenAIMock(seed=1)
    with httpx.Client(transport=mock.transport(httpx), base_url="http://localhost/_mock") as control:
        first = control.get("/load").json()
        assert first["began_now"]
        assert not control.get("/load").json()["began_now"]
        assert "histograms" in control.get("/load?histograms=true").json()
        assert control.get("/load?histograms=maybe").status_code == 400
        assert control.get("/load?x=1").status_code == 400
        mock.punctuality.lateness.add(0.1)
        assert control.get("/load").json()["chunks"] == 1
        control.post("/load").raise_for_status()
        assert control.get("/load").json()["chunks"] == 0
        control.delete("/load").raise_for_status()
        assert not mock.punctuality.measuring
        assert "/_mock/load" in control.get("/openapi.json").json()["paths"]


def test_the_first_answer_of_each_worker_does_not_count() -> None:
    counts = {0.001: 3, 0.05: 2}
    assert percentile(counts, 0.99) == 0.05
    assert percentile(counts, 0.99, servers=2) == 0.001
    assert percentile({0.05: 1}, 0.99, servers=2) == 0.05
    assert percentile({0.001: 300, 0.05: 5}, 0.99, servers=2) == 0.05
