"""Videos: rendered while they are polled, in the size and length that was asked for."""

from __future__ import annotations

from typing import Any
from zlib import crc32

from openai_mock.engine.answers import Answer, Raw
from openai_mock.engine.errors import ApiError, unknown_id
from openai_mock.engine.forms import FilePart
from openai_mock.engine.lifecycle import Lifecycle
from openai_mock.engine.resource import Call, Resource
from openai_mock.engine.store import Object
from openai_mock.media.durations import duration
from openai_mock.media.image import content_type, image
from openai_mock.media.kinds import kind
from openai_mock.media.video import CONTENT_TYPE, video

videos = Resource("video", keeps="videos.retrieve", lifecycle=Lifecycle("queued -> in_progress -> completed"))
video_content = Resource("video")
_OWNER = "videos.retrieve"
_MODEL, _SIZE, _SECONDS = "sora-2", "720x1280", "4"
_SMALL = ("720x1280", "1280x720")
_LASTING = 86_400
_HALFWAY, _DONE = 50, 100


@videos.on("videos.create")
def create(call: Call) -> Answer:
    """Queue a video."""
    body = call.body
    model, size = call.model or _MODEL, body.get("size") or _SIZE
    if size not in _SMALL and model.startswith(_MODEL) and not model.startswith("sora-2-pro"):
        words = f"Invalid value: '{size}'. Supported values are: '{_SMALL[0]}' and '{_SMALL[1]}'."
        raise ApiError(400, words, param="size", code="invalid_value")
    return call.create(_queued(call, model=model, size=size, seconds=body.get("seconds") or _SECONDS))


@videos.on("videos.remix")
def remix(call: Call) -> Answer:
    """Queue a video like another one."""
    return _made_from(call, call.item, remixed_from_video_id=call.id)


@videos.on("videos.edit")
def edit(call: Call) -> Answer:
    """Queue a video made from another one, or from an uploaded one."""
    return _made_from(call, _source(call))


@videos.on("videos.extend")
def extend(call: Call) -> Answer:
    """Queue what follows a video, as long as is asked for."""
    return _made_from(call, _source(call), seconds=call.body["seconds"])


@videos.entering("in_progress")
def begin(_: Call, item: Object, at: int) -> Object:  # noqa: ARG001 - a hook is told when
    """Half of it is there."""
    return {**item, "progress": _HALFWAY}


@videos.entering("completed")
def finish(_: Call, item: Object, at: int) -> Object:
    """All of it is there, for a day."""
    return {**item, "progress": _DONE, "completed_at": at, "expires_at": at + _LASTING}


@video_content.on("videos.download_content")
def download_content(call: Call) -> Answer:
    """The variant that is asked for: an MP4, a WebP thumbnail or a JPEG spritesheet."""
    item = _finished(call)
    width, height = (int(edge) for edge in item["size"].split("x"))
    seed = crc32(str(item.get("prompt")).encode("utf-8", "surrogatepass"))
    match call.query.get("variant"):
        case "thumbnail":
            return Raw(image("webp", width // 2, height // 2, seed=seed), content_type("webp"))
        case "spritesheet":
            return Raw(image("jpeg", width, height, seed=seed), content_type("jpeg"))
        case _:
            return Raw(video(int(item["seconds"]), width, height, seed=seed), CONTENT_TYPE)


def _finished(call: Call) -> Object:
    """The video of the path. Raises OpenAI's error for one that is unknown or not ready; lenient ids assume one."""
    item = call.collection(_OWNER).find(call.params["video_id"])
    if item is None:
        if not call.world.lenient_ids:
            raise unknown_id("/videos", call.params["video_id"])
        return {"size": _SIZE, "seconds": _SECONDS}
    if item["status"] != "completed":
        raise ApiError(404, "Video is not ready yet, use GET /v1/videos/{video_id} to check status.")
    return item


def _queued(call: Call, **fields: Any) -> Object:
    return {
        "id": call.world.ids.hexadecimal("video_", 48),
        "object": "video",
        "created_at": call.now,
        "status": "queued",
        "completed_at": None,
        "error": None,
        "expires_at": None,
        "progress": 0,
        "prompt": call.body["prompt"],
        "remixed_from_video_id": None,
        **fields,
    }


def _made_from(call: Call, source: Object, **fields: Any) -> Object:
    like = {name: source[name] for name in ("model", "size", "seconds")}
    return call.collection(_OWNER).create(_queued(call, **{**like, **fields}))


def _source(call: Call) -> Object:
    """The video that is named or uploaded. Raises OpenAI's 404, or a 400 for a file that is no film."""
    given = call.body["video"]
    if isinstance(given, dict):
        return call.collection(_OWNER).get(given["id"])
    part = given if isinstance(given, FilePart) else FilePart("", "", str(given).encode())
    if kind(part.content) not in {"mp4", "webm"} and not call.world.lenient_ids:
        raise ApiError(400, "The uploaded video must be an MP4 or WebM file.", param="video", code="invalid_value")
    seconds = duration(part.content, part.filename) or float(_SECONDS)
    nearest = min(("4", "8", "12"), key=lambda text: abs(int(text) - seconds))
    return {"model": _MODEL, "size": _SIZE, "seconds": nearest}
