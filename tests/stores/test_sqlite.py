"""The file: it survives restarts and kills, is shared by processes, and refuses what it cannot use."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from openai_mock.stores.sqlite import SQLite, StateError


def test_what_was_answered_survives_a_kill(tmp_path: Path) -> None:
    script = """
import os, sys
from openai_mock.stores.sqlite import SQLite
store = SQLite(sys.argv[1])
store.put("/files", "a", {"id": "a"})
store.put_blob("/files", "a", b"bytes")
with store.atomically():
    store.put("/files", "b", {"id": "b"})
    print("ready", flush=True)
    os.kill(os.getpid(), 9)
"""
    done = subprocess.run([sys.executable, "-c", script, tmp_path / "x.db"], capture_output=True, check=False)
    assert (done.stdout, done.returncode) == (b"ready\n", -9)
    store = SQLite(tmp_path / "x.db")
    assert store.list("/files") == [("a", {"id": "a"})]
    assert store.blob("/files", "a") == b"bytes"
    store.close()


def test_processes_share_it(tmp_path: Path) -> None:
    script = """
import sys
from openai_mock.stores.sqlite import SQLite
store = SQLite(sys.argv[1])
for number in range(100):
    with store.atomically():
        count = (store.get("/counts", "n") or {"n": 0})["n"]
        store.put("/counts", "n", {"n": count + 1})
store.close()
"""
    command = [sys.executable, "-c", script, str(tmp_path / "x.db")]
    running = [subprocess.Popen(command) for _ in range(3)]
    assert [each.wait(60) for each in running] == [0, 0, 0]
    store = SQLite(tmp_path / "x.db")
    assert store.get("/counts", "n") == {"n": 300}
    store.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="only where processes fork")
def test_a_child_opens_its_own(tmp_path: Path) -> None:
    script = """
import os, sys
from openai_mock.stores.sqlite import SQLite
store = SQLite(sys.argv[1])
store.put("/files", "a", {})
parents = store._opened
child = os.fork()
if not child:
    store.put("/files", "b", {})
    os._exit(store._opened is parents)
assert os.waitpid(child, 0)[1] == 0
store.put("/files", "c", {})
print([id_ for id_, _ in store.list("/files")])
store.close()
"""
    done = subprocess.run([sys.executable, "-c", script, tmp_path / "x.db"], capture_output=True, check=True)
    assert done.stdout == b"['a', 'b', 'c']\n"


def test_an_exception_takes_back_what_a_block_wrote(tmp_path: Path) -> None:
    store = SQLite(tmp_path / "x.db")

    def broken() -> None:
        with store.atomically():
            store.put("/files", "a", {})
            with store.atomically():
                store.put("/files", "b", {})
            raise KeyError

    with pytest.raises(KeyError):
        broken()
    assert store.list("/files") == []
    store.put("/files", "c", {})
    assert store.count("/files") == 1
    store.close()


def test_what_cannot_hold_state_is_told(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("This is a text of some length, and no database at all.\n" * 40)
    with pytest.raises(StateError, match=r"text cannot hold the state: file is not a database\. Name another file\."):
        SQLite(tmp_path / "text")
    with pytest.raises(StateError, match="unable to open database file"):
        SQLite(tmp_path / "none" / "x.db")
    other = sqlite3.connect(tmp_path / "other.db")
    other.execute("PRAGMA user_version = 7")
    other.close()
    with pytest.raises(StateError, match="written by another version of openai-mock"):
        SQLite(tmp_path / "other.db")


def test_it_opens_again_after_it_was_closed(tmp_path: Path) -> None:
    store = SQLite(tmp_path / "x.db")
    store.put("/files", "a", {})
    store.close()
    store.close()
    assert store.count("/files") == 1
    store.close()


def test_processes_that_begin_at_once_share_a_new_file(tmp_path: Path) -> None:
    script = "import sys; from openai_mock.stores.sqlite import SQLite; SQLite(sys.argv[1]).put('/x', sys.argv[2], {})"
    command = [sys.executable, "-c", script, str(tmp_path / "new.db")]
    running = [subprocess.Popen([*command, str(number)]) for number in range(6)]
    assert [each.wait(60) for each in running] == [0] * 6
    store = SQLite(tmp_path / "new.db")
    assert len(store.list("/x")) == 6
    store.close()
