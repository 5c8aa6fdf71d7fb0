"""What the other generating resources do beyond what a text case can show: large and binary bodies, and chance."""

from __future__ import annotations

import json
import struct
from base64 import b64decode
from collections.abc import Mapping
from typing import Any

import pytest

from openai_mock.config.load import load
from openai_mock.config.plan import Plan
from openai_mock.media.audio import audio
from openai_mock.media.image import image
from openai_mock.media.kinds import kind
from openai_mock.mock import OpenAIMock
from openai_mock.wire import Data, Head, Request

KEY = {"authorization": "Bearer sk-test"}
Answered = tuple[int, Mapping[str, str], bytes]


def send(mock: OpenAIMock, request: Request) -> Answered:
    steps = list(mock.handle(request))
    assert isinstance(steps[0], Head)
    headers = {name.decode(): value.decode() for name, value in steps[0].headers}
    return steps[0].status, headers, b"".join(step.chunk for step in steps if isinstance(step, Data))


def post(mock: OpenAIMock, path: str, **body: Any) -> Any:
    request = Request(
        "POST", f"/v1{path}", headers={**KEY, "content-type": "application/json"}, body=json.dumps(body).encode()
    )
    return json.loads(send(mock, request)[2])


def upload(mock: OpenAIMock, path: str, name: str, content: bytes, **fields: str) -> Answered:
    parts = [
        b'--b\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n' % (key.encode(), value.encode())
        for key, value in fields.items()
    ]
    file = b'--b\r\nContent-Disposition: form-data; name="%b"; filename="%b"\r\n\r\n%b\r\n--b--\r\n'
    key, _, filename = name.partition("=")
    body = b"".join((*parts, file % (key.encode(), filename.encode(), content)))
    return send(
        mock,
        Request("POST", f"/v1{path}", headers={**KEY, "content-type": "multipart/form-data; boundary=b"}, body=body),
    )


def test_base64_and_numbers_are_the_same_vector() -> None:
    mock = OpenAIMock(seed=1)
    asked: dict[str, Any] = {"model": "text-embedding-3-small", "input": "Hello", "dimensions": 7}
    numbers = post(mock, "/embeddings", **asked)["data"][0]["embedding"]
    packed = post(mock, "/embeddings", **asked, encoding_format="base64")["data"][0]["embedding"]
    assert struct.unpack("<7f", b64decode(packed)) == pytest.approx(numbers, abs=1e-7)
    assert post(OpenAIMock(seed=2), "/embeddings", **asked)["data"][0]["embedding"] == numbers


def test_tokens_are_the_text_they_stand_for() -> None:
    mock = OpenAIMock(seed=1)
    tokens, text = (
        post(mock, "/embeddings", model="text-embedding-3-small", input=given)["data"][0]["embedding"]
        for given in ([9906, 1917], "Hello world")
    )
    assert tokens == text


def test_too_many_dimensions_do_not_fill_the_memory() -> None:
    answer = post(OpenAIMock(), "/embeddings", model="some-model", input="x", dimensions=10**12)
    assert answer["error"]["code"] == "integer_above_max_value"


@pytest.mark.parametrize("words", ["[]", '["."]', '["a(b"]'])
def test_words_are_no_patterns(words: str) -> None:
    mock = OpenAIMock(load(f"moderations: {{hate: {words}}}", name="x.yaml", env={}))
    assert not post(mock, "/moderations", input="abc ab")["results"][0]["flagged"]


def test_a_later_file_replaces_the_words(tmp_path: Any) -> None:
    (tmp_path / "more.yaml").write_text("moderations: {hate: [second]}\ntranscripts: {'*': Hi}\n", "utf-8")
    mock = OpenAIMock(Plan(moderations={"hate": ("first",)})).load(tmp_path / "more.yaml")
    found = post(mock, "/moderations", input=["first", "second"])["results"]
    assert [each["flagged"] for each in found] == [False, True]
    assert mock.plan.transcripts == {"*": "Hi"}


def test_a_recording_can_be_too_large() -> None:
    sound = audio("wav", 600)
    status, _, body = upload(OpenAIMock(), "/audio/transcriptions", "file=a.wav", sound, model="whisper-1")
    assert status == 413
    assert f"Maximum content size limit (26214400) exceeded ({len(sound)} bytes read)" in body.decode()


def test_a_recording_can_be_too_short() -> None:
    sound = audio("wav", 0.1)[:-2000]
    status, _, body = upload(OpenAIMock(), "/audio/transcriptions", "file=a.wav", sound, model="whisper-1")
    assert (status, json.loads(body)["error"]["code"]) == (400, "audio_too_short")


def test_lenient_ids_take_any_bytes() -> None:
    mock = OpenAIMock(ids="lenient")
    asked = {"model": "gpt-4o-transcribe"}
    assert upload(mock, "/audio/transcriptions", "file=a.txt", b"hello", **asked)[0] == 200
    assert upload(mock, "/images/edits", "image=a.txt", b"hello", prompt="x")[0] == 200


def test_an_older_edit_reads_png_only() -> None:
    mock = OpenAIMock()
    assert upload(mock, "/images/edits", "image=a.png", image("png", 8, 8), prompt="x", model="dall-e-2")[0] == 200
    status, _, body = upload(mock, "/images/edits", "image=a.png", image("jpeg", 8, 8), prompt="x", model="dall-e-2")
    assert (status, json.loads(body)["error"]["message"]) == (400, "Uploaded image must be a PNG and less than 4 MB.")


def test_the_same_request_gets_the_same_picture_and_another_one_another() -> None:
    mock = OpenAIMock()

    def drawn(**asked: Any) -> list[str]:
        made = post(mock, "/images/generations", response_format="b64_json", size="256x256", **asked)["data"]
        return [each["b64_json"] for each in made]

    one, two = drawn(prompt="a cat", n=2)
    assert one != two
    assert drawn(prompt="a cat") == [one]
    assert drawn(prompt="a dog") != [one]
    assert drawn(prompt="a cat", style="vivid") != [one]


@pytest.mark.parametrize("form", ["png", "webp", "gif", "svg"])
def test_formats(form: str) -> None:
    mock = OpenAIMock()
    asked = {"prompt": "x", "model": "gpt-image-2", "size": "64x32", "output_format": form, "background": "transparent"}
    made = b64decode(post(mock, "/images/generations", **asked)["data"][0]["b64_json"])
    assert made.startswith(b"<svg") if form == "svg" else kind(made) == form


def test_speech_is_sent_in_pieces() -> None:
    mock = OpenAIMock()
    body = json.dumps({"model": "tts-1", "input": "Hello " * 100, "voice": "alloy", "response_format": "wav"}).encode()
    request = Request("POST", "/v1/audio/speech", headers={**KEY, "content-type": "application/json"}, body=body)
    head, *pieces = mock.handle(request)
    assert isinstance(head, Head)
    assert b"content-length" not in dict(head.headers)
    assert len(pieces) > 50
    sound = b"".join(piece.chunk for piece in pieces if isinstance(piece, Data))
    assert kind(sound) == "wav"


def test_a_token_of_half_a_character_is_shown_as_bytes() -> None:
    asked: dict[str, Any] = {
        "model": "gpt-3.5-turbo-instruct",
        "prompt": "\N{FACE PALM}",
        "echo": True,
        "max_tokens": 0,
    }
    found = post(OpenAIMock(), "/completions", **asked, logprobs=0)["choices"][0]["logprobs"]
    assert found["tokens"] == ["bytes:\\xf0\\x9f", "bytes:\\xa4", "bytes:\\xa6"]
    assert found["text_offset"] == [0, 0, 0]
    assert found["top_logprobs"] is None


def test_a_stored_chat_belongs_to_its_session() -> None:
    mock = OpenAIMock()
    asked = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello"}], "store": True}
    made = post(mock, "/chat/completions", **asked)
    path = f"/v1/chat/completions/{made['id']}"
    assert send(mock, Request("GET", path, headers=KEY))[0] == 200
    assert send(mock, Request("GET", path, headers={**KEY, "x-mock-session": "other"}))[0] == 404


def test_a_stored_chat_with_a_known_id_replaces_the_earlier_one() -> None:
    lines = [("user", "Hello"), ("assistant", "Hi"), ("user", "More"), ("assistant", "Yes")]
    said = [{"role": role, "content": content} for role, content in lines]
    given = json.dumps({"responses": [{"id": "same", "messages": said}]})
    mock = OpenAIMock(load(given, name="x.yaml", env={}))
    for messages in (said[:3], said[:1]):
        made = post(mock, "/chat/completions", model="gpt-4o", messages=messages, store=True)
    _, _, body = send(mock, Request("GET", f"/v1/chat/completions/{made['id']}/messages", headers=KEY))
    assert [each["content"] for each in json.loads(body)["data"]] == ["Hello"]


def test_videos_go_by_the_clock() -> None:
    mock = OpenAIMock(load("lifecycle: seconds=60", name="x.yaml", env={}), seed=1)
    asked = {"prompt": "x", "size": "1280x720"}
    made = post(mock, "/videos", **asked)
    mock.clock.advance(30)
    half = json.loads(send(mock, Request("GET", f"/v1/videos/{made['id']}", headers=KEY))[2])
    mock.clock.advance(30)
    status, headers, film = send(mock, Request("GET", f"/v1/videos/{made['id']}/content", headers=KEY))
    assert (half["status"], half["progress"]) == ("in_progress", 50)
    assert (status, headers["content-type"], kind(film)) == (200, "video/mp4", "mp4")
    assert upload(mock, "/videos/edits", "video=a.mp4", b"no film", prompt="x")[0] == 400
    assert upload(mock, "/videos/edits", "video=a.mp4", film, prompt="x")[0] == 200
