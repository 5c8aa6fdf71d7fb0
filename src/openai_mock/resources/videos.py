"""Videos: the content of a video, its thumbnail and its spritesheet."""

from __future__ import annotations

from openai_mock.engine.answers import Answer, Raw
from openai_mock.engine.resource import Call, Resource
from openai_mock.media.image import content_type, image
from openai_mock.media.video import CONTENT_TYPE, video

videos = Resource("video")
_WIDTH, _HEIGHT, _SECONDS = 720, 1280, 4


@videos.on("videos.download_content")
def download_content(call: Call) -> Answer:
    """The variant that is asked for: an MP4, a WebP thumbnail or a JPEG spritesheet."""
    match call.query.get("variant"):
        case "thumbnail":
            return Raw(image("webp", _WIDTH // 2, _HEIGHT // 2), content_type("webp"))
        case "spritesheet":
            return Raw(image("jpeg", _WIDTH, _HEIGHT), content_type("jpeg"))
        case _:
            return Raw(video(_SECONDS, _WIDTH, _HEIGHT), CONTENT_TYPE)
