"""Virtual environments for the commands of this repository: made at first use, renewed when pyproject.toml changes."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MAIN = ROOT / ".venv"


def say(text: str) -> None:
    """Show progress."""
    print(f"\033[1m{text}\033[0m" if sys.stdout.isatty() else text, flush=True)


def run(*command: str | Path, env: dict[str, str] | None = None) -> int:
    """Run a command in the repository and return its exit code."""
    return subprocess.run(
        [str(part) for part in command], cwd=ROOT, env={**os.environ, **(env or {})}, check=False
    ).returncode


def python_of(venv: Path) -> Path:
    """The interpreter of a virtual environment."""
    return venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def ensure(venv: Path, *requirements: str) -> Path:
    """Make `venv` hold `requirements`; return its interpreter. Exits with a sentence on failure."""
    if sys.version_info < (3, 11):  # noqa: UP036 - this file runs before anything has checked the version
        sys.exit(
            f"openai-mock needs Python 3.11 or later; this is {sys.version.split()[0]}. Try: python3.11 scripts/..."
        )
    python, stamp = python_of(venv), venv / "openai-mock.stamp"
    wanted = hashlib.sha256((ROOT / "pyproject.toml").read_bytes() + repr(requirements).encode()).hexdigest()
    if python.exists() and stamp.exists() and stamp.read_text() == wanted:
        return python
    name = venv.relative_to(ROOT)
    say(f"Preparing {name} (once; half a minute) ...")
    uv = shutil.which("uv")
    if not python.exists():
        made = (
            run(uv, "venv", "--quiet", "--python", sys.executable, venv)
            if uv
            else run(sys.executable, "-m", "venv", venv)
        )
        if made != 0:
            sys.exit(f"Could not make the virtual environment {name}. On Debian and Ubuntu: apt install python3-venv.")
    install = (
        (uv, "pip", "install", "--python", python)
        if uv
        else (python, "-m", "pip", "install", "--disable-pip-version-check")
    )
    if run(*install, "--quiet", *requirements) != 0:
        sys.exit(f"Could not install into {name}. The lines above say why; the command can simply be run again.")
    stamp.write_text(wanted)
    return python
