"""Signatures, and what may be a secret or a URL."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openai_mock.engine.webhooks import headers, hint, key_of, made_for, secret_of, shown_url, signature, sound_url


def test_the_signature_is_that_of_standard_webhooks():
    """The example that libraries of Standard Webhooks test with."""
    made = signature(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
    )
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_each_secret_signs():
    secrets = ("whsec_bmV3", "an older text")
    made = headers("wh_1", 5, b"{}", secrets)
    assert made["webhook-signature"].split(" ") == [signature(each, "wh_1", 5, b"{}") for each in secrets]
    assert (made["webhook-id"], made["webhook-timestamp"]) == ("wh_1", "5")


@given(st.binary(min_size=1, max_size=64))
def test_a_secret_has_the_bytes_that_it_was_made_of(key):
    assert key_of(secret_of(key)) == key


@pytest.mark.parametrize("secret", ["", "  ", "whsec_", "whsec_abc", "whsec_n@t base64"])
def test_a_secret_that_signs_nothing_is_refused_without_repeating_it(secret):
    with pytest.raises(ValueError, match="leave it out to get one") as raised:
        key_of(secret)
    assert not secret.strip("whsec_ ") or secret not in str(raised.value)


def test_secrets_are_shown_in_part_and_made_alike_each_time():
    assert hint("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw") == "whsec_...LaSw"
    assert hint("short") == "..."
    assert made_for("https://a.test/", 1) == made_for("https://a.test/", 1) != made_for("https://a.test/", 2)


@pytest.mark.parametrize(
    "url", ["http://localhost:8000/events", "https://example.com", "https://[::1]:443/x?y=z", "http://10.0.0.1/"]
)
def test_where_events_can_be_sent(url):
    assert sound_url(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "", "example.com", "ftp://example.com/", "https://", "https:///path", "http://example.com:99999/",
        "http://example.com:0/", "http://[::1", "http://exa mple.com/", "http://example.com/\r\nx: y", "http://münchen/",
        "https://user:secret@example.com/", "http://key@example.com",
    ],
)  # fmt: skip
def test_where_they_cannot(url):
    with pytest.raises(ValueError, match=r"webhook|URL to send events to") as raised:
        sound_url(url)
    assert "secret@" not in str(raised.value)


def test_a_shown_url_has_no_credential():
    assert shown_url("https://user:pass@example.com/a?token=abc&b=c") == "https://example.com/a?token=****&b=c"
