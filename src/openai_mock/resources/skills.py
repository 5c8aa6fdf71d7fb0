"""Skills: instructions and files for a model, in numbered versions.

Theory. A version is a bundle with exactly one manifest, SKILL.md, whose front matter tells name and description. Their
numbers count up from one and are never used twice. A skill shows what its default version says of itself; that version
cannot be deleted while there are others, and a skill goes with its only version.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec.structs import replace

from openai_mock.engine.answers import Answer, Raw
from openai_mock.engine.errors import ApiError
from openai_mock.engine.forms import FilePart
from openai_mock.engine.pages import stored_page
from openai_mock.engine.resource import Call, Resource
from openai_mock.engine.store import CONTENT, Object

if TYPE_CHECKING:
    from openai_mock.media.archive import Archive

SKILLS, VERSIONS = "skills.retrieve", "skills.versions.retrieve"
_COUNT = "count"
"""The name of the bytes beside a skill that hold the last number it gave to a version."""
_MANIFEST = "skill.md"
_MOST_FILES, _MOST_BYTES = 500, 50 * 1024 * 1024
_LONGEST = 1 << 20
"""Bytes of a manifest."""

skills = Resource("skill", keeps=SKILLS)
versions = Resource("skill version", keeps=VERSIONS)


@skills.on("skills.create")
def create(call: Call) -> Answer:
    """A skill with its first version."""
    bundle, about = _uploaded(call)
    skill: Object = {
        "id": call.world.ids.hexadecimal("skill_", 48),
        "object": "skill",
        "created_at": call.now,
        "default_version": "1",
        "latest_version": "1",
        **about,
    }
    call.create(skill)
    _keep(call, skill["id"], 1, bundle, about)
    return skill


@skills.on("skills.update")
def update(call: Call) -> Answer:
    """Another version as the default."""
    skill = call.item
    chosen = call.collection(VERSIONS, skill_id=call.id).get(call.body["default_version"])
    return call.collection().save(_defaulting(skill, chosen))


@skills.on("skills.content.retrieve")
def content(call: Call) -> Answer:
    """The bundle of the default version."""
    skill = call.item
    held = call.collection(VERSIONS, skill_id=call.id).content(skill["default_version"])
    return _bundle(skill, held if held is not None else call.collection().content(call.id))


@versions.on("skills.versions.create")
def add_version(call: Call) -> Answer:
    """The next version, as the default only if that is asked for."""
    id_ = call.params["skill_id"]
    skill = call.collection(SKILLS).get(id_)
    bundle, about = _uploaded(call)
    number = _last_number(call, skill) + 1
    made = _keep(call, id_, number, bundle, about)
    skill = {**skill, "latest_version": str(number)}
    call.collection(SKILLS).save(_defaulting(skill, made) if call.body.get("default") else skill)
    return made


@versions.on("skills.versions.list")
def list_versions(call: Call) -> Answer:
    """A page of versions; its cursors are their ids, not their numbers."""
    call.collection(SKILLS).get(call.params["skill_id"])
    after = call.query.get("after")
    if after:
        held = call.store.list(call.collection().path)
        number = next((number for number, each in held if each.get("id") == after), after)
        call = replace(call, query={**call.query, "after": number})
    page = stored_page(call)
    ids = [each["id"] for each in page["data"]]
    return {**page, "first_id": ids[0] if ids else None, "last_id": ids[-1] if ids else None}


@versions.on("skills.versions.delete")
def delete_version(call: Call) -> Answer:
    """Forget a version, and with the only one the skill."""
    id_ = call.params["skill_id"]
    skill, gone, known = call.collection(SKILLS).get(id_), call.item, call.collection()
    others = [number for number, _ in call.store.list(known.path) if number != call.id]
    if others and skill["default_version"] == call.id:
        words = (
            f"Cannot delete version '{call.id}': it is the default version of the skill. Make another one the default."
        )
        raise ApiError(400, words, param="version")
    known.delete(call.id)
    if others:
        call.collection(SKILLS).save({**skill, "latest_version": max(others, key=_order)})
    else:
        call.collection(SKILLS).delete(id_)
    return {"id": gone["id"], "object": "skill.version.deleted", "deleted": True, "version": call.id}


@versions.on("skills.versions.content.retrieve")
def version_content(call: Call) -> Answer:
    """The bundle of one version."""
    call.collection(SKILLS).get(call.params["skill_id"])
    return _bundle(call.item, call.collection(VERSIONS).content(call.id))


def _defaulting(skill: Object, version: Object) -> Object:
    """A skill with this version as its default."""
    about = {key: version[key] for key in ("name", "description")}
    return {**skill, **about, "default_version": version["version"]}


def _keep(call: Call, skill: str, number: int, bundle: bytes, about: Mapping[str, str]) -> Object:
    made: Object = {
        "id": call.world.ids.hexadecimal("skillver_", 48),
        "object": "skill.version",
        "created_at": call.now,
        "skill_id": skill,
        "version": str(number),
        **about,
    }
    call.collection(SKILLS).put_content(skill, str(number).encode(), _COUNT)
    return call.collection(VERSIONS, skill_id=skill).create(made, str(number), beside={CONTENT: bundle})


def _last_number(call: Call, skill: Object) -> int:
    held = call.collection(SKILLS).content(skill["id"], _COUNT)
    return int(held) if held else _order(skill["latest_version"])


def _order(number: str) -> int:
    """Where a version stands among the others; one that is no number, before all."""
    return int(number) if number.isdecimal() else 0


def _bundle(about: Object, held: bytes | None) -> Raw:
    """The bytes of a bundle; of one that was only described, a bundle that says just that."""
    if held is None:
        from openai_mock.media.archive import packed  # noqa: PLC0415 - only those who use skills pay for archives

        front = f"---\nname: {about['name']}\ndescription: {about['description']}\n---\n"
        held = packed({"SKILL.md": front.encode()})
    return Raw(held, "application/zip")


def _uploaded(call: Call) -> tuple[bytes, dict[str, str]]:
    """The bundle of a request, and what its manifest says. Raises a 400 for what is no skill."""
    from openai_mock.media.archive import Archive, is_archive, packed  # noqa: PLC0415 - as above

    sent = call.body.get("files")
    parts = [part for part in (sent if isinstance(sent, list) else [sent]) if isinstance(part, FilePart)]
    if not parts:
        raise ApiError(400, "Missing required parameter: 'files'.", param="files", code="missing_required_parameter")
    try:
        if len(parts) == 1 and is_archive(parts[0].content):
            bundle, archive = parts[0].content, Archive(parts[0].content)
        else:
            bundle = packed({_path(part): part.content for part in parts})
            archive = Archive(bundle)
        return bundle, _about(archive, len(bundle))
    except ValueError as error:
        raise ApiError(400, str(error), param="files", code="invalid_value") from None


def _path(part: FilePart) -> str:
    """Where a file lies in the bundle. Raises ValueError for a path that leads out of it."""
    path = (part.path or part.filename).replace("\\", "/")
    if not path or path.startswith("/") or ".." in path.split("/"):
        raise ValueError(f"'{path}' is no path inside of a skill.")
    return path


def _about(archive: Archive, size: int) -> dict[str, str]:
    """Name and description of a skill. Raises ValueError with a sentence for what is no skill."""
    if size > _MOST_BYTES:
        raise ValueError("A skill has at most 50 MB as a zip archive.")
    if len(archive.sizes) > _MOST_FILES:
        raise ValueError(f"A skill has at most {_MOST_FILES} files, but this one has {len(archive.sizes)}.")
    manifests = [name for name in archive.sizes if name.rpartition("/")[2].lower() == _MANIFEST]
    if len(manifests) != 1:
        raise ValueError(f"A skill has exactly one SKILL.md, but this one has {len(manifests) or 'none'}.")
    if archive.sizes[manifests[0]] > _LONGEST:
        raise ValueError("The SKILL.md of a skill has at most 1 MB.")
    said = front_matter(archive.read(manifests[0]).decode(errors="replace"))
    for key in ("name", "description"):
        if not said.get(key):
            raise ValueError(f"The SKILL.md of a skill begins with front matter that has a '{key}'.")
    return {key: said[key] for key in ("name", "description")}


def front_matter(text: str) -> dict[str, str]:
    """The texts between the two lines of hyphens at the beginning, by key; indented lines go on with the one before."""
    lines = iter(text.removeprefix("\ufeff").splitlines())
    if next(lines, "").strip() != "---":
        return {}
    said: dict[str, list[str]] = {}
    last = ""
    for line in lines:
        if line.strip() == "---":
            return {key: _unquoted(" ".join(filter(None, parts))) for key, parts in said.items()}
        key, colon, value = line.partition(":")
        if line[:1].isspace() and last:
            said[last].append(line.strip())
        elif colon:
            last, value = key.strip(), value.strip()
            said[last] = [] if value in {"|", ">", "|-", ">-"} else [value]
    return {}


def _unquoted(value: str) -> str:
    quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
    return value[1:-1] if quoted else value
