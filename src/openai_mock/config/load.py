"""Configuration text in, `Plan` out; `read` fetches the text first."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

from openai_mock.config.errors import ConfigErrors, Problem, Report, nearest
from openai_mock.config.formats.faults import faults
from openai_mock.config.formats.flows import flow
from openai_mock.config.formats.limits import limits
from openai_mock.config.formats.responses import full_response
from openai_mock.config.formats.rules import rule
from openai_mock.config.formats.timing import paces
from openai_mock.config.formats.webhooks import webhooks
from openai_mock.config.node import Node, locate
from openai_mock.config.node import Path as KeyPath
from openai_mock.config.plan import Plan
from openai_mock.config.reading import MISFIT
from openai_mock.config.reading import read as read_node
from openai_mock.config.settings import SETTINGS
from openai_mock.config.tree import tree
from openai_mock.engine.lifecycle import Policies, Policy, policy
from openai_mock.rules.rule import Rule
from openai_mock.rules.script import Script

STDIN = "-"
_STDIN_NAME = "<stdin>"


def read(path: str | Path, *, env: Mapping[str, str] | None = None) -> Plan:
    """The plan of a file, or of standard input for `-`. `env` is the process's environment unless given.

    Raises `ConfigErrors`, also when the file cannot be read.
    """
    if not isinstance(path, str | PathLike):
        raise TypeError(f"A configuration is read from a file; name its path. This is none: {path!r}")
    name = _STDIN_NAME if str(path) == STDIN else str(path)
    try:
        content = sys.stdin.buffer.read() if name == _STDIN_NAME else Path(path).read_bytes()
    except (OSError, ValueError) as fault:
        raise ConfigErrors([Problem(name, 0, 0, "", _unreadable(Path(path), fault))]) from None
    return load(_decoded(content, name), name=name, env=os.environ if env is None else env)


def _unreadable(path: Path, fault: Exception) -> str:
    if isinstance(fault, FileNotFoundError):
        near = nearest(path.name, _names_beside(path))
        return "the file does not exist; " + (f"did you mean '{path.with_name(near)}'?" if near else "check its path")
    if path.is_dir():
        return "this is a directory; name a file in it"
    return f"the file cannot be read ({getattr(fault, 'strerror', None) or fault})"


def _names_beside(path: Path) -> list[str]:
    try:
        return [each.name for each in path.parent.iterdir() if each.is_file()]
    except OSError:
        return []


def _decoded(content: bytes, name: str) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as fault:
        line, column = Report(content[: fault.start].decode(), name).lines.place(fault.start)
        sentence = f"the byte 0x{content[fault.start]:02x} is not UTF-8; save the file as UTF-8"
        raise ConfigErrors([Problem(name, line, column, "", sentence)]) from None


def load(text: str, *, name: str, env: Mapping[str, str]) -> Plan:
    """The plan of a YAML, JSON or JSON lines text. `name` is its file, for messages; `env` fills in `${NAME}`.

    Raises `ConfigErrors` with all mistakes at once.
    """
    text = text.removeprefix("\ufeff")
    report = Report(text, name)
    root = tree(text, name, env, report)
    plan = _plan(root, report) if root else Plan()
    report.close()
    return plan


def _places(state: Mapping[str, Sequence[Any]], root: Node, report: Report) -> dict[KeyPath, tuple[int, int]]:
    paths: list[KeyPath] = []
    for name, objects in state.items():
        paths += [(name,), *((name, index) for index in range(len(objects)))]
    return {path: report.lines.place(locate(root, ("state", *path))) for path in paths}


def _plan(root: Node, report: Report) -> Plan:
    report.root = root
    settings = read_node(root, SETTINGS, (), report)
    if settings is MISFIT:
        return Plan()
    _refuse_repeated_ids(root, report)
    models = settings.get("models", ())
    scripts = _scripts(settings, root, report)
    return Plan(
        api_keys=_several(settings.get("apiKey", ())),
        admin_keys=_several(settings.get("adminKey", ())),
        port=settings.get("port"),
        models=() if models == "strict" else tuple(models),
        scripts=scripts,
        source=report.name,
        named_models=_named_models(scripts),
        strict_models="models" in settings,
        paces=paces(settings, report),
        faults=faults(settings, report),
        fault_header=settings.get("faultHeader", False),
        limits=limits(settings.get("limits")),
        lifecycle=_policies(settings.get("lifecycle", {}), report),
        state={name: tuple(objects) for name, objects in settings.get("state", {}).items()},
        state_places=_places(settings.get("state", {}), root, report),
        moderations={name: tuple(words) for name, words in settings.get("moderations", {}).items()},
        transcripts=settings.get("transcripts", {}),
        webhooks=webhooks(settings.get("webhooks") or (), report),
    )


def _policies(given: str | Mapping[str, str], report: Report) -> Policies:
    named: dict[str, Policy] = {}
    for name, text in ({"default": given} if isinstance(given, str) else given).items():
        try:
            named[name] = policy(text)
        except ValueError as error:
            report.blame(("lifecycle",) if isinstance(given, str) else ("lifecycle", name), str(error))
    return Policies(named.pop("default", Policy()), named)


def _several(value: str | Sequence[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def _scripts(settings: Mapping[str, Any], root: Node, report: Report) -> tuple[Script | Rule, ...]:
    default_reply = settings.get("reply", "final")
    scripts: list[Script | Rule | None] = []
    for index, entry in enumerate(settings.get("responses") or ()):
        if entry is not MISFIT:
            path: KeyPath = ("responses", index)
            where = report.where(root.value["responses"].value[index].at)
            if "matcher" in entry:
                scripts.append(full_response(entry, path, report, where))
            elif "then" in entry:
                scripts.append(rule(entry, path, report, where))
            else:
                scripts.append(flow(entry, default_reply, path, report, where))
    return tuple(script for script in scripts if script)


def _refuse_repeated_ids(root: Node, report: Report) -> None:
    entries = root.value.get("responses")
    first: dict[str, int] = {}
    for index, entry in enumerate(entries.value if entries and isinstance(entries.value, list) else ()):
        named = entry.value.get("id") if isinstance(entry.value, dict) else None
        if named is None or not isinstance(named.value, str):
            continue
        if named.value not in first:
            first[named.value] = named.at
            continue
        at = first[named.value]
        sentence = f"the id '{named.value}' is already taken at {report.place(at)}; choose another"
        report.add(entry.at if at == named.at else named.at, ("responses", index, "id"), sentence)


def _named_models(scripts: tuple[Script | Rule, ...]) -> tuple[str, ...]:
    replies = [script.reply for script in scripts if isinstance(script, Script)]
    named = (reply.fields.get("model") for reply in replies if reply and reply.fields)
    return tuple(dict.fromkeys(model for model in named if model))
