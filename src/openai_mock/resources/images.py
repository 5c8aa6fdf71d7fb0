"""Images: valid pictures in the size and format that are asked for."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from typing import Any
from zlib import crc32

from openai_mock.engine.answers import Answer
from openai_mock.engine.errors import invalid_size
from openai_mock.engine.resource import Call, Resource
from openai_mock.media.image import LARGEST, image

images = Resource("image")
_AUTO = (1024, 1024)
_LINKED = "https://images.openai-mock.invalid/{id}.{format}"


@images.on("images.generate")
@images.on("images.edit")
@images.on("images.create_variation")
def generate(call: Call) -> Answer:
    """`n` pictures; the same prompt gives the same ones. The dall-e models link them unless asked not to."""
    body: Mapping[str, Any] = call.body
    if body.get("stream"):
        return call.world.otherwise(call)
    form = body.get("output_format") or "png"
    width, height = _size(body.get("size"))
    linked = (
        body.get("response_format", "url" if call.model.startswith("dall-e") or not call.model else "b64_json") == "url"
    )
    seed = crc32(str(body.get("prompt", "")).encode())
    transparent = body.get("background") == "transparent" and form != "jpeg"
    data = []
    for index in range(body.get("n") or 1):
        if linked:
            link = _LINKED.format(id=call.world.ids.letters("img-"), format=form)
            data.append({"url": link, "revised_prompt": body.get("prompt")})
        else:
            made = _drawn(form, width, height, seed=seed + index, transparent=transparent)
            data.append({"b64_json": b64encode(made).decode()})
    tokens = len(str(body.get("prompt", ""))) // 4 + 1
    usage = {
        "input_tokens": tokens,
        "input_tokens_details": {"image_tokens": 0, "text_tokens": tokens},
        "output_tokens": 1056 * len(data),
        "total_tokens": tokens + 1056 * len(data),
    }
    if linked:
        return {"created": call.now, "data": data}
    asked = {"background": body.get("background") or "auto", "quality": body.get("quality") or "auto"}
    shown = {"output_format": form, "size": f"{width}x{height}"}
    return {"created": call.now, "data": data, "usage": usage, **asked, **shown}


def _drawn(form: str, width: int, height: int, *, seed: int, transparent: bool) -> bytes:
    if form == "svg":
        shape = f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}">'
        return f'{shape}<rect width="100%" height="100%" fill="#{seed % 0x1000000:06x}"/></svg>'.encode()
    return image(
        "jpeg" if form == "jpeg" else "webp" if form == "webp" else "png",
        width,
        height,
        seed=seed,
        transparent=transparent,
    )


def _size(asked: str | None) -> tuple[int, int]:
    """Width and height of `1024x768`; `auto` and nothing are square. Raises OpenAI's 400 for any other text."""
    if asked in {None, "auto"}:
        return _AUTO
    width, _, height = str(asked).partition("x")
    if width.isdecimal() and height.isdecimal() and 0 < int(width) <= LARGEST and 0 < int(height) <= LARGEST:
        return int(width), int(height)
    raise invalid_size(str(asked))
