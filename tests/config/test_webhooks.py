"""Webhooks in a configuration: what they become, and where mistakes are."""

from __future__ import annotations

import pytest

from openai_mock.config.errors import ConfigErrors
from openai_mock.config.load import load
from openai_mock.engine.webhooks import Mode, Subscription


def read(text):
    return load(text, name="x.yaml", env={"HOOK": "whsec_c2VjcmV0"}).webhooks


def test_they_become_subscriptions():
    assert read(
        """
webhooks:
  - url: http://localhost:8000/events
  - {url: "https://example.com", secret: "${HOOK}", events: [response.*, batch.completed], mode: duplicate, delay: 2m}
  - {url: "https://example.com", events: video.failed, mode: {late: 0.1, drop: 1}}
"""
    ) == (
        Subscription("http://localhost:8000/events"),
        Subscription(
            "https://example.com", "whsec_c2VjcmV0", ("response.*", "batch.completed"), Mode({"duplicate": 1.0}, 120.0)
        ),
        Subscription("https://example.com", None, ("video.failed",), Mode({"late": 0.1, "drop": 1})),
    )


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("url: localhost:8000", "x.yaml:2:10: webhooks[0].url: 'localhost:8000' is no URL to send events to"),
        ("secret: x", "x.yaml:2:5: webhooks[0]: the key 'url' is missing"),
        ("{url: 'http://a.test', secret: whsec_???}", "x.yaml:2:36: webhooks[0].secret: behind whsec_ a secret has"),
        ("{url: 'http://a.test', events: [batch.done]}",
         "x.yaml:2:36: webhooks[0].events: there is no event 'batch.done'; did you mean 'batch."),
        ("{url: 'http://a.test', events: [qqqq]}", "there is no event 'qqqq'; write one such as"),
        ("{url: 'http://a.test', mode: lately}", "expected 'late', 'duplicate', "),
        ("{url: 'http://a.test', mode: {drop: 2}}", "webhooks[0].mode.drop: expected a number from 0 to 1"),
        ("{url: 'http://a.test', delay: soon}", "webhooks[0].delay: 'soon' is no duration"),
        ("{url: 'http://a.test', event: x}", "webhooks[0].event: "),
        ("http://a.test", "webhooks[0]: expected a mapping (webhook)"),
    ],
)  # fmt: skip
def test_mistakes_have_a_place_and_a_remedy(text, sentence):
    with pytest.raises(ConfigErrors) as raised:
        read(f"webhooks:\n  - {text}")
    assert sentence in str(raised.value)
    assert "whsec_???" not in str(raised.value)
