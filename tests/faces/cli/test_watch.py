"""The watch sees every change once, and never half of one. The test does the looking; nothing sleeps."""

from __future__ import annotations

import os

from openai_mock.faces.cli import watch as module
from openai_mock.faces.cli.watch import Watch, state_of


class Scene:
    """A file whose states the test sets, and how often its change was told."""

    def __init__(self):
        self.state = (1, 1, 1)
        self.told = 0
        self.watch = Watch(lambda: self.state, self.tell, self.state)

    def tell(self):
        self.told += 1

    def after(self, *states):
        for state in states:
            self.state = state
            self.watch.look()
        return self.told


A, B, C = (1, 1, 1), (2, 2, 1), (3, 3, 1)


def test_nothing_changed():
    assert Scene().after(A, A, A) == 0


def test_a_change_is_told_once_when_it_has_settled():
    scene = Scene()
    assert scene.after(B) == 0
    assert scene.after(B) == 1
    assert scene.after(B, B) == 1


def test_a_file_that_is_still_written_is_left_alone():
    scene = Scene()
    assert scene.after(B, C) == 0
    assert scene.after(C) == 1


def test_a_missing_file_is_on_its_way():
    scene = Scene()
    assert scene.after(None, None, None) == 0
    assert scene.after(B, B) == 1


def test_the_same_file_back_is_no_change():
    assert Scene().after(None, A, A) == 0


def test_a_change_between_reading_and_starting_is_seen():
    told = []
    watch = Watch(lambda: B, lambda: told.append(1), A)
    watch.look()
    watch.look()
    assert told == [1]


def test_state_of_a_file(tmp_path):
    file, other = tmp_path / "a.yaml", tmp_path / "b.yaml"
    assert state_of(file) is None
    file.write_text("one")
    first = state_of(file)
    assert first == state_of(file)
    other.write_text("two")
    os.utime(other, ns=(first[0], first[0]))
    other.replace(file)
    assert state_of(file) != first


def test_it_looks_by_itself_until_it_is_stopped(monkeypatch):
    monkeypatch.setattr(module, "INTERVAL", 0)
    looked = module.threading.Event()
    watch = Watch(lambda: B, looked.set, A)
    watch.start()
    assert looked.wait(10)
    watch.stop()
