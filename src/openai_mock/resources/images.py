"""Images: valid pictures in the size and format that are asked for, whole or as they become clear."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from typing import Any
from zlib import crc32

import msgspec

from openai_mock.engine.answers import Answer, Events
from openai_mock.engine.errors import ApiError, invalid_size
from openai_mock.engine.forms import FilePart
from openai_mock.engine.resource import Call, Resource
from openai_mock.media.checker import checker
from openai_mock.media.gif import gif
from openai_mock.media.image import LARGEST, image
from openai_mock.media.kinds import kind
from openai_mock.turns.checks.misuse import Misuse
from openai_mock.turns.tokens import IMAGE, count, encoding_for

images = Resource("image")
_LINKED = "https://images.openai-mock.invalid/{id}.{format}"
_OLDEST, _OLDER = "dall-e-2", "dall-e-3"
_SIZES = {
    _OLDEST: ("256x256", "512x512", "1024x1024"),
    _OLDER: ("1024x1024", "1024x1792", "1792x1024"),
    "gpt-image-1": ("1024x1024", "1024x1536", "1536x1024", "auto"),
    "gpt-image-1-mini": ("1024x1024", "1024x1536", "1536x1024", "auto"),
    "gpt-image-1.5": ("1024x1024", "1024x1536", "1536x1024", "auto"),
    "chatgpt-image-latest": ("1024x1024", "1024x1536", "1536x1024", "auto"),
}
"""The sizes of the models that make only some; others make any that is small enough."""
_INLINE = frozenset(_SIZES) - {_OLDEST, _OLDER}
_AUTO = "1024x1024"
_QUALITIES = {"low": 272, "medium": 1056, "high": 4160}
"""Output tokens of a square picture."""
_SQUARE = 1024 * 1024
_UPLOADS = ("png", "jpeg", "webp")
_LARGEST_UPLOAD = 4 * 1024 * 1024
_encode = msgspec.json.Encoder().encode


class _Asked(msgspec.Struct, frozen=True):
    """A request for pictures, with what it leaves open decided."""

    prompt: str
    model: str
    n: int
    form: str
    size: str
    quality: str
    background: str
    linked: bool
    seed: int
    uploads: int

    @property
    def older(self) -> bool:
        """Whether the model is of the family that knows no formats and counts no tokens."""
        return self.model.startswith("dall-e")


@images.checks("images.generate", "images.edit")
def misuse(call: Call) -> Iterator[Misuse]:
    """A parameter of the dall-e models: later ones always answer with the picture itself."""
    if call.body.get("response_format") is not None and call.model in _INLINE:
        yield Misuse("Unknown parameter: 'response_format'.", "response_format", "unknown_parameter")


@images.on("images.generate")
@images.on("images.edit")
@images.on("images.create_variation")
def generate(call: Call) -> Answer:
    """`n` pictures; the same request gives the same ones. The dall-e models link them unless asked not to."""
    asked = _asked(call)
    call.used = {"images": asked.n, "size": asked.size}
    if call.body.get("stream") and not asked.older:
        kind_of_event = "image_edit" if call.operation.name == "images.edit" else "image_generation"
        return Events(_frames(call, asked, kind_of_event))
    data = [_shown(call, asked, index) for index in range(asked.n)]
    answer = {"created": call.now, "data": data}
    if asked.older or asked.linked:
        return answer
    shown = {"output_format": asked.form, "quality": asked.quality, "size": asked.size}
    return {**answer, "background": asked.background, **shown, "usage": _usage(asked)}


def _asked(call: Call) -> _Asked:
    """Read a request. Raises OpenAI's 400 for what the model cannot do."""
    body: Mapping[str, Any] = call.body
    model = call.model or (_OLDEST if call.operation.name == "images.create_variation" else "")
    form = body.get("output_format") or "png"
    background = body.get("background") or "auto"
    _check_count(model, body.get("n") or 1)
    _check_format(model, form, background, body.get("output_compression"))
    uploads = list(_uploads(call, model))
    older = model.startswith("dall-e") or not model
    prompt = str(body.get("prompt", ""))
    traits = (prompt, body.get("style") or "", *(str(crc32(part.content)) for part in uploads))
    quality = body.get("quality")
    return _Asked(
        prompt=prompt,
        model=model,
        n=body.get("n") or 1,
        form=form,
        size=_size(model, body.get("size")),
        quality=quality if quality in {"low", "medium", "high", "xhigh", "max"} else "medium",
        background="transparent" if background == "transparent" else "opaque",
        linked=(body.get("response_format") or ("url" if older else "b64_json")) == "url",
        seed=crc32("\0".join(traits).encode("utf-8", "surrogatepass")),
        uploads=len(uploads),
    )


def _check_count(model: str, n: int) -> None:
    if model == _OLDER and n > 1:
        message = f"Invalid 'n': integer above maximum value. Expected a value <= 1, but got {n} instead."
        raise ApiError(400, message, param="n", code="integer_above_max_value")


def _check_format(model: str, form: str, background: str, compression: int | None) -> None:
    if not model.startswith("gpt-image"):
        return
    if form == "jpeg" and background == "transparent":
        message = "Transparent background is not supported for JPEG output format."
        raise ApiError(400, message, param="background", code="invalid_value")
    if form == "png" and compression is not None and compression < 100:
        message = "Compression less than 100 is not supported for PNG output format."
        raise ApiError(400, message, param="output_compression", code="invalid_value")


def _size(model: str, asked: str | None) -> str:
    """WIDTHxHEIGHT; `auto` and nothing are square. Raises OpenAI's 400 for a size that the model does not make."""
    known = _SIZES.get(model)
    if known and asked is not None and asked not in known:
        listed = ", ".join(f"'{size}'" for size in known[:-1]) + f", and '{known[-1]}'"
        message = f"Invalid value: '{asked}'. Supported values are: {listed}."
        raise ApiError(400, message, param="size", code="invalid_value")
    if asked in {None, "auto"}:
        return _AUTO
    width, _, height = str(asked).partition("x")
    if not (width.isdecimal() and height.isdecimal() and 0 < int(width) <= LARGEST and 0 < int(height) <= LARGEST):
        raise invalid_size(str(asked))
    return f"{int(width)}x{int(height)}"


def _uploads(call: Call, model: str) -> Iterator[FilePart]:
    """The pictures of an edit or a variation, judged by their bytes unless ids are lenient."""
    for name in ("image", "mask"):
        sent = call.body.get(name)
        for part in sent if isinstance(sent, list) else (sent,):
            if part is None:
                continue
            file = part if isinstance(part, FilePart) else FilePart("", "text/plain", str(part).encode())
            if not call.world.lenient_ids:
                _check_upload(model, name, file)
            if name == "image":
                yield file
    yield from _named(call, model)


def _named(call: Call, model: str) -> Iterator[FilePart]:
    """The pictures of an edit that is asked for in JSON: by file, in the request itself, or where they can be fetched.

    Raises OpenAI's 404 for an unknown file, and a 400 where there is no picture at all.
    """
    named = call.body.get("images")
    if call.operation.name == "images.edit" and not named and call.body.get("image") is None:
        raise ApiError(400, "Missing required parameter: 'image'.", param="image", code="missing_required_parameter")
    for each in named if isinstance(named, list) else (named,) if named else ():
        where = each if isinstance(each, Mapping) else {}
        source, id_ = where.get("image_url"), where.get("file_id")
        if isinstance(source, str) == isinstance(id_, str):
            message = "Invalid 'images': each image has either an 'image_url' or a 'file_id'."
            raise ApiError(400, message, param="images", code="invalid_value")
        file = FilePart("", "", _bytes(call, id_) if isinstance(id_, str) else _inline(str(source)))
        if not (call.world.lenient_ids or str(source).startswith("http")):  # nothing is fetched
            _check_upload(model, "images", file)
        yield file


def _bytes(call: Call, id_: str) -> bytes:
    files = call.collection("files.retrieve")
    return files.content(files.get(id_)["id"]) or b""


def _inline(source: str) -> bytes:
    """The bytes in a data URL; those of any other are the URL itself."""
    head, comma, data = source.partition(",")
    if not (comma and head.startswith("data:") and head.endswith(";base64")):
        return source.encode("utf-8", "surrogatepass")
    try:
        return b64decode(data, validate=True)
    except ValueError:
        return b""


def _check_upload(model: str, name: str, file: FilePart) -> None:
    """Raises OpenAI's 400 for what is no picture that the model reads."""
    found = kind(file.content)
    if model == _OLDEST and (found != "png" or len(file.content) >= _LARGEST_UPLOAD):
        raise ApiError(400, "Uploaded image must be a PNG and less than 4 MB.")
    if found not in _UPLOADS:
        mimetype = file.content_type if found is None else f"image/{found}"
        raise ApiError(
            400,
            f"Invalid file '{name}': unsupported mimetype ('{mimetype or 'application/octet-stream'}'). "
            "Supported file formats are 'image/jpeg', 'image/png', and 'image/webp'.",
            param=name,
            code="unsupported_file_mimetype",
        )


def _shown(call: Call, asked: _Asked, index: int) -> dict[str, Any]:
    """One picture as the answer carries it."""
    revised = {"revised_prompt": asked.prompt} if asked.model == _OLDER else {}
    if asked.linked:
        return {**revised, "url": _LINKED.format(id=call.world.ids.letters("img-"), format=asked.form)}
    return {**revised, "b64_json": b64encode(_drawn(asked, index)).decode()}


def _drawn(asked: _Asked, index: int, *, fineness: int = 1) -> bytes:
    """A picture; its edges are divided by `fineness` while it is still becoming clear."""
    width, height = (max(1, int(edge) // fineness) for edge in asked.size.split("x"))
    seed, form = asked.seed + index, asked.form
    if form == "svg":
        shape = f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}">'
        return f'{shape}<rect width="100%" height="100%" fill="#{seed % 0x1000000:06x}"/></svg>'.encode()
    if form == "jpeg":
        return image("jpeg", width, height, seed=seed)
    transparent = asked.background == "transparent"
    if form == "gif":
        return gif(checker(width, height, seed, transparent=transparent))
    return image("webp" if form == "webp" else "png", width, height, seed=seed, transparent=transparent)


def _frames(call: Call, asked: _Asked, name: str) -> Iterator[bytes]:
    """As many partial pictures as are asked for, each clearer than the one before, and the whole one."""
    most = call.body.get("partial_images") or 0
    shared = {
        "created_at": call.now,
        "size": asked.size,
        "quality": asked.quality,
        "background": asked.background,
        "output_format": asked.form,
    }
    for index in range(most):
        drawn = b64encode(_drawn(asked, 0, fineness=2 ** (most - index))).decode()
        yield _framed(f"{name}.partial_image", {"b64_json": drawn, "partial_image_index": index, **shared})
    whole = b64encode(_drawn(asked, 0)).decode()
    yield _framed(f"{name}.completed", {"b64_json": whole, **shared, "usage": _usage(asked)})


def _framed(name: str, fields: Mapping[str, Any]) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (name.encode(), _encode({"type": name, **fields}))


def _usage(asked: _Asked) -> dict[str, Any]:
    text = count(asked.prompt, encoding_for(asked.model))
    looked = IMAGE * asked.uploads
    made = asked.n * _tokens(asked)
    return {
        "input_tokens": text + looked,
        "input_tokens_details": {"image_tokens": looked, "text_tokens": text},
        "output_tokens": made,
        "total_tokens": text + looked + made,
    }


def _tokens(asked: _Asked) -> int:
    """Output tokens of one picture, by its quality and its size."""
    width, height = map(int, asked.size.split("x"))
    return round(_QUALITIES.get(asked.quality, _QUALITIES["high"]) * width * height / _SQUARE)
