"""No credential is ever printed."""

from __future__ import annotations

import json
from time import process_time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from openai_mock.engine import redact

NAMES = [
    "Authorization", "proxy-authorization", "api-key", "x-api-key", "Cookie", "Set-Cookie", "api_key", "client_secret",
    "access_token", "password", "X-Auth-Token",
]  # fmt: skip
secrets = st.text(st.characters(codec="ascii", exclude_characters=" *"), min_size=1, max_size=30).map(
    lambda s: f"S3{s}"
)


@given(st.sampled_from(NAMES), secrets)
def test_a_credential_is_hidden_wherever_it_stands(name, secret):
    assert secret not in str(redact.headers({name.lower(): f"Bearer {secret}"}))
    assert secret not in str(redact.headers({name.lower(): secret}))
    quoted = json.dumps(secret)[1:-1]
    assert quoted not in redact.text(json.dumps({"a": [{"b": "c", name: secret, "d": 'he said "hi"'}]}))
    assert secret.replace("&", "") not in redact.query(f"a=b&{name}={secret.replace('&', '')}&c=d")


@given(st.sampled_from(NAMES), secrets, st.integers(0, 60))
def test_a_credential_is_hidden_in_a_text_that_was_cut(name, secret, cut):
    text = json.dumps({"pad": "x", name: secret})[:cut]
    start = text.find(json.dumps(secret)[:3])
    assert start < 0 or json.dumps(secret)[1:3] not in redact.text(text)


@pytest.mark.parametrize(
    "word",
    ["sk-proj-abcdefgh1234", "ek_0123456789abcdef0123456789abcdef", "Bearer abcdefghijkl", "basic dXNlcjpwYXNz"],
)
def test_words_that_look_like_credentials_are_hidden_in_any_text(word):
    assert word.split()[-1] not in redact.text(f'{{"content": "my key is {word}, keep it"}}')


@example("password", "ends in a backslash\\", 1)
@example("password", 'has "quotes" and \\"', 2)
@given(st.sampled_from(NAMES), secrets, st.integers(1, 3))
def test_a_credential_is_hidden_in_json_that_stands_in_a_text(name, secret, depth):
    quoted = json.dumps(secret)[1:-1].replace("\\", "").split('"')[0]
    text = json.dumps({"a": ["b", {"c": 1}], name: secret, "d": "e"})
    for _ in range(depth):
        text = json.dumps({"arguments": text, "next": "f"})
    shown = redact.text(text)
    assert f"{quoted}" not in shown
    for _ in range(depth):
        text = json.loads(shown)["arguments"]
        shown = text
    assert json.loads(text) == {"a": ["b", {"c": 1}], name: "****", "d": "e"}


@pytest.mark.parametrize("name", ["max_tokens", "prompt_tokens", "content", "key", "messages", "monkey", "tokens"])
def test_other_fields_stay(name):
    text = json.dumps({name: "plain"})
    assert redact.text(text) == text


@pytest.mark.parametrize(
    "text", ['\\"a\\":\\"' * 8_000, '{\\"k\\": \\"v\\", ' * 4_000, '"\\' * 30_000, '"a" ' * 15_000]
)
def test_no_text_takes_long(text):
    started = process_time()
    redact.text(text)
    assert process_time() - started < 2, "it took 10 seconds where every quote began a search to the end"


def test_the_scheme_stays():
    assert redact.headers({"authorization": "Bearer sk-1"}) == {"authorization": "Bearer ****"}
    assert redact.headers({"accept": "*/*"}) == {"accept": "*/*"}
