"""A served mock that tells others: options, what is printed, a real endpoint, and an end that waits for nobody."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import httpx
import pytest
from click.testing import CliRunner
from receiver import receiving

from openai_mock.config.load import load
from openai_mock.engine.webhooks import made_for, signature
from openai_mock.faces.cli.banner import banner
from openai_mock.faces.cli.commands import openai_mock
from openai_mock.faces.cli.options import ServeOptions
from openai_mock.faces.cli.source import with_options

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
LATER = {"model": "gpt-4o", "input": "Hi", "background": True}


@contextmanager
def serving(*args):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OPENAI_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "openai_mock", "--port", "0", *args], stdin=subprocess.DEVNULL, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=kept | {"PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    try:
        yield process, json.loads(process.stdout.readline())
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def signed_well(got, secret):
    stamp = int(got.headers["webhook-timestamp"])
    return got.headers["webhook-signature"] == signature(secret, got.headers["webhook-id"], stamp, got.body)


def test_a_server_tells_an_endpoint_by_itself_and_signs_with_what_it_printed():
    with receiving() as receiver, serving("--lifecycle", "seconds=0.2", "--webhook", f"{receiver.url}/a") as (_, ready):
        response = httpx.post(f"{ready['base_url']}/responses", json=LATER, headers={"authorization": "Bearer sk"})
        (got,) = receiver.until(1)
    (told,) = ready["webhooks"]
    assert (told["url"], told["events"]) == (f"{receiver.url}/a", ["*"])
    assert signed_well(got, told["secret"])
    event = json.loads(got.body)
    assert (event["type"], event["data"]["id"]) == ("response.completed", response.json()["id"])


def test_the_control_api_moves_the_clock_sends_and_shows_what_was_delivered():
    args = ("--lifecycle", "seconds=1h", "--webhook-secret", SECRET, "-v")
    with receiving() as receiver, serving(*args, "--webhook", f"{receiver.url}/503?token=abc") as (process, ready):
        control, base = ready["url"] + "/_mock", ready["base_url"]
        assert ready["webhooks"] == [{"url": f"{receiver.url}/503?token=****", "events": ["*"], "secret": None}]
        httpx.post(f"{base}/responses", json=LATER, headers={"authorization": "Bearer sk"})
        httpx.post(f"{control}/clock", json={"advance": "1h"})
        first = receiver.until(1)[0]
        assert signed_well(first, SECRET)
        httpx.post(f"{control}/clock", json={"advance": "80h"})
        found = httpx.get(f"{control}/webhooks/deliveries?wait=20s", timeout=30).json()["data"]
        assert [(each["state"], len(each["attempts"])) for each in found] == [("failed", 16)]
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=10)
    assert "503?token=**** did not take response.completed: it answered 503." in out + err
    assert SECRET[6:] not in out + err
    assert "token=abc" not in out + err


def test_an_end_waits_for_no_endpoint():
    with (
        receiving() as receiver,
        serving("--lifecycle", "instant", "--webhook", f"{receiver.url}/slow") as (
            process,
            ready,
        ),
    ):
        for _ in range(20):
            httpx.post(f"{ready['base_url']}/responses", json=LATER, headers={"authorization": "Bearer sk"})
        receiver.until(1)
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0
        assert time.monotonic() - began < 2


def test_a_webhook_that_is_none_is_told_at_once():
    for option, value, sentence in (
        ("--webhook", "example.com", "'example.com' is no URL to send events to"),
        ("--webhook-secret", "whsec_?", "behind whsec_ a secret has Base64"),
    ):
        done = CliRunner().invoke(openai_mock, [option, value])
        assert done.exit_code == 2
        assert sentence in " ".join(done.output.split())
        assert "whsec_?" not in done.output


def test_options_stand_beside_the_file_and_survive_a_reload():
    options = ServeOptions(webhooks=("http://a.test/x", "http://b.test/"), webhook_secret=SECRET)
    for _ in range(2):
        plan = with_options(load('webhooks: [{url: "http://c.test/"}]', name="x.yaml", env={}), options)
        assert [(each.url, each.secret) for each in plan.webhooks] == [
            ("http://c.test/", None), ("http://a.test/x", SECRET), ("http://b.test/", SECRET),
        ]  # fmt: skip


@pytest.mark.parametrize("given", [f", secret: {SECRET}", ""])
def test_the_banner_shows_a_secret_that_nobody_else_knows(given):
    text = banner(("http://x",), load(f'webhooks: [{{url: "http://c.test/"{given}}}]', name="x.yaml", env={}))
    made = made_for("http://c.test/", 0)[1]
    assert f"tells    http://c.test/ of *, signed with {'the configured secret' if given else made}" in text
    assert SECRET not in text
