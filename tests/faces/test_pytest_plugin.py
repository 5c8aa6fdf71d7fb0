"""The plugin as its users meet it: sessions of pytest inside a test."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import openai
import pytest

from openai_mock.faces import pytest_session
from openai_mock.mock import OpenAIMock

pytest_plugins = ["pytester"]

ASK = """
import openai

def ask(text="Hello", model="gpt-4o"):
    with openai.OpenAI() as client:
        answer = client.chat.completions.create(model=model, messages=[{"role": "user", "content": text}])
        return answer.choices[0].message.content
"""
FLOWS = json.dumps(
    {
        "apiKey": "sk-flows",
        "responses": [
            {
                "id": "greeting",
                "messages": [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Good morning"}],
            }
        ],
    }
)


@pytest.fixture(scope="module", autouse=True)
def warm():
    """Load what the inner sessions use, or each of them would load it again."""
    assert pytest_session
    with OpenAIMock(), openai.OpenAI(api_key="k") as client:
        hello = [{"role": "user", "content": "Hello"}]
        client.chat.completions.create(model="gpt-4o", messages=hello)
        list(client.chat.completions.create(model="gpt-4o", messages=hello, stream=True))
        client.models.list()
        client.files.list()


@pytest.fixture
def run(pytester, monkeypatch):
    """Run test files with the plugin, in this process; the module `ask` is at hand."""
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    plugins = ("-p", "openai_mock.faces.pytest_plugin", "-p", "pytest_asyncio.plugin")
    pytester.makepyfile(ask=ASK)
    pytester.makeconftest("")
    pytester.makeini(
        "[pytest]\nfilterwarnings = error\nasyncio_mode = auto\nasyncio_default_fixture_loop_scope = function\n"
    )
    (pytester.path / "flows.json").write_text(FLOWS)

    def go(code, *options, **outcomes):
        pytester.makepyfile(test_it=code)
        result = pytester.runpytest_inprocess("-p", "no:cacheprovider", *plugins, *options)
        result.assert_outcomes(**outcomes)
        return result

    return go


def test_the_fixture_is_fresh_active_and_undone(run):
    run(
        """
import os
import httpx2
from ask import ask

ORIGINAL = httpx2.HTTPTransport.handle_request
KEYS = []

def test_one(openai_mock):
    KEYS.append(os.environ["OPENAI_API_KEY"])
    assert ask()
    assert openai_mock.chat.completions.create.call_count == 1

def test_two(openai_mock):
    assert openai_mock.chat.completions.create.call_count == 0
    openai_mock.chat.completions.create.reply("Set")
    assert ask() == "Set"

async def test_three(openai_mock):
    import openai
    async with openai.AsyncOpenAI() as client:
        assert (await client.models.list()).data

def test_four():
    assert KEYS == ["sk-openai-mock"]
    assert "OPENAI_API_KEY" not in os.environ
    assert httpx2.HTTPTransport.handle_request is ORIGINAL
""",
        passed=4,
    )


def test_a_key_that_is_there_stays(run, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-mine")
    run(
        """
import os

def test_it(openai_mock):
    assert os.environ["OPENAI_API_KEY"] == "sk-mine"
""",
        passed=1,
    )


def test_the_marker_has_the_arguments_of_the_constructor(run):
    run(
        """
import pytest
from ask import ask

pytestmark = pytest.mark.openai_mock(seed=7)

@pytest.mark.openai_mock(ids="lenient")
def test_both_count(openai_mock):
    import openai
    with openai.OpenAI() as client:
        assert client.files.retrieve("file-nowhere").id == "file-nowhere"
    assert int(openai_mock.clock.now()) == 1767225600

def test_marked_tests_need_no_fixture():
    assert ask()

@pytest.mark.openai_mock("flows.json")
def test_the_plan_can_be_a_file():
    assert ask() == "Good morning"

@pytest.mark.openai_mock(plan="flows.json", seed=1)
def test_the_plan_can_be_named(openai_mock):
    assert ask() == "Good morning"

@pytest.mark.openai_mock(base_url="https://gateway.test/llm/v1")
def test_other_addresses():
    import openai
    with openai.OpenAI(base_url="https://gateway.test/llm/v1") as client:
        assert client.models.list().data

@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.openai_mock(seed=1)
def test_parameters(number):
    assert ask()
""",
        passed=7,
    )


def test_a_mistake_in_the_marker_is_told_in_a_sentence(run):
    result = run(
        """
import pytest

@pytest.mark.openai_mock(sed=1)
def test_name(): pass

@pytest.mark.openai_mock("nowhere.yaml")
def test_file(): pass
""",
        errors=2,
    )
    result.stdout.fnmatch_lines(
        [
            "*@pytest.mark.openai_mock: got an unexpected keyword argument 'sed'. It takes: plan, seed, ids, *",
            "*nowhere.yaml*",
        ]
    )
    result.stdout.no_fnmatch_line("*Traceback*")


def test_classes_and_modules_have_mocks_of_their_own(run):
    run(
        """
import pytest
from ask import ask

pytestmark = pytest.mark.openai_mock(seed=3)

def test_one(openai_mock_module):
    ask()

def test_two(openai_mock_module, openai_mock):
    assert openai_mock is not openai_mock_module
    ask()
    assert openai_mock_module.chat.completions.create.call_count == 1
    assert openai_mock.chat.completions.create.call_count == 1

@pytest.mark.openai_mock("flows.json")
class TestClass:
    def test_one(self, openai_mock_class):
        assert ask() == "Good morning"

    def test_two(self, openai_mock_class):
        assert ask() == "Good morning"
        assert openai_mock_class.chat.completions.create.call_count == 2
""",
        passed=4,
    )


def test_a_marked_test_is_inside_mocks_that_live_longer_and_before_its_own_fixtures(run):
    run(
        """
import openai
import pytest
from openai_mock import OpenAIMock
from ask import ask

@pytest.fixture(scope="module")
def outer():
    with OpenAIMock() as mock:
        yield mock

@pytest.fixture
def client():
    with openai.OpenAI() as client:  # needs the key
        yield client

@pytest.mark.openai_mock("flows.json")
def test_it(outer, client):
    assert ask() == "Good morning"
    assert outer.chat.completions.create.call_count == 0
""",
        passed=1,
    )


def test_a_marker_that_a_wider_fixture_would_not_see_is_refused(run):
    result = run(
        """
import pytest

@pytest.mark.openai_mock(seed=3)
def test_it(openai_mock_module): pass
""",
    )
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*test_it: openai_mock_module lives longer than what the marker*on the module*"])


def test_a_failed_test_shows_its_calls_and_the_nearest_misses(run):
    result = run(
        """
import pytest
from ask import ask

pytestmark = pytest.mark.openai_mock("flows.json")

def test_before(openai_mock_module):
    ask()

def test_it(openai_mock_module):
    ask("Hallo")
""",
        passed=1,
        failed=1,
    )
    result.stdout.fnmatch_lines(
        [
            "*- openai-mock -*",
            "POST /v1/chat/completions  400  gpt-4o  No matching response found for the given conversation",
            "    nearest: greeting (*flows.json*): messages[[]0[]].content: *",
        ]
    )
    assert str(result.stdout).count("POST /v1/chat/completions  ") == 1


def test_a_failed_test_without_calls(run):
    result = run("def test_it(openai_mock): assert 0", failed=1)
    result.stdout.fnmatch_lines(["*- openai-mock -*", "No calls."])


REPORTED = """
import openai, pytest
from ask import ask

@pytest.mark.parametrize("number", range(4))
def test_asks(openai_mock, number):
    openai_mock.chat.completions.create.reply("one two")
    ask()

def test_streams(openai_mock):
    with openai.OpenAI() as client:
        hello = [{"role": "user", "content": "Hello"}]
        list(client.chat.completions.create(
            model="gpt-4o", messages=hello, stream=True, stream_options={"include_usage": True}))

@pytest.mark.openai_mock("flows.json")
def test_unmatched(openai_mock):
    with pytest.raises(openai.BadRequestError):
        ask("Hallo")

def test_unknown(openai_mock):
    with openai.OpenAI() as client, pytest.raises(openai.NotFoundError):
        client.get("/nowhere", cast_to=object)
"""


@pytest.mark.parametrize("workers", [(), ("-p", "xdist", "-n", "2")], ids=["alone", "xdist"])
def test_the_report(run, workers):
    result = run(REPORTED, "--openai-mock-report", *workers, passed=7)
    rows = {line.rpartition("  ")[0].split("  ")[0]: line.split() for line in result.outlines}
    assert rows["operation"][-5:] == ["unmatched", "tokens", "in", "tokens", "out"]
    _, calls, unmatched, read, written = rows["chat.completions.create"]
    assert (calls, unmatched) == ("6", "1")
    assert int(read) == 5 * 8
    assert int(written) > 4 * 2
    assert rows["unknown URL"][2:] == ["1", "1", "0", "0"]
    assert rows["in all"][2:] == ["7", "2", read, written]


def test_the_report_of_nothing(run):
    result = run("def test_it(): pass", "--openai-mock-report", passed=1)
    result.stdout.fnmatch_lines(["*= openai-mock =*", "No calls."])


def test_without_the_option_there_is_no_report(run):
    result = run("def test_it(openai_mock): pass", passed=1)
    result.stdout.no_fnmatch_line("*= openai-mock =*")


def test_cases_of_unittest(run):
    run(
        """
import unittest
import pytest
from openai_mock import OpenAIMock
from ask import ask

class Entered(unittest.TestCase):
    def setUp(self):
        self.mock = self.enterContext(OpenAIMock())

    def test_it(self):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("OPENAI_API_KEY", "k")
            assert ask()
        self.mock.chat.completions.create.assert_called_once()

class Fixture(unittest.TestCase):
    @pytest.fixture(autouse=True)
    def _mock(self, openai_mock):
        self.mock = openai_mock

    def test_it(self):
        assert ask()
        self.mock.chat.completions.create.assert_called_once()

@pytest.mark.openai_mock("flows.json")
class Marked(unittest.TestCase):
    def test_it(self):
        assert ask() == "Good morning"
""",
        passed=3,
    )


@pytest.mark.parametrize(
    ("option", "line"),
    [
        ("--help", "*--openai-mock-report*"),
        ("--markers", "@pytest.mark.openai_mock(plan=None, [*], seed=None, ...): *"),
    ],
)
def test_the_marker_and_the_option_are_known(pytester, monkeypatch, option, line):
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    result = pytester.runpytest_inprocess("-p", "openai_mock.faces.pytest_plugin", option)
    result.stdout.fnmatch_lines([line])


def test_pytest_finds_the_plugin_by_itself():
    found = [each.value for each in entry_points(group="pytest11") if each.name == "openai_mock"]
    assert found == ["openai_mock.faces.pytest_plugin"]


def test_a_session_without_mocks_loads_nothing_heavy():
    code = """
import sys, pytest
before = set(sys.modules)
import openai_mock.faces.pytest_plugin
print(*sorted(set(sys.modules) - before - set(sys.stdlib_module_names)))
"""
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert loaded == ["openai_mock", "openai_mock.faces", "openai_mock.faces.pytest_plugin"]


def test_the_examples_of_the_documentation(run, pytester):
    root = Path(__file__).parents[2]
    examples = pytester.mkdir("examples")
    shutil.copy(root / "examples" / "flows.yaml", examples)
    text = (root / "docs" / "pytest.md").read_text("utf-8")
    for code in re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        run(code, passed=len(re.findall(r"def test_", code)))


def test_the_network_is_blocked_but_for_hosts_that_are_named(run):
    run(
        """
import httpx2
import pytest
from openai_mock.doors.escape import NetworkBlocked

@pytest.mark.openai_mock(block_network=True, allow_hosts=("127.0.0.1",))
def test_it():
    with pytest.raises(NetworkBlocked):
        httpx2.get("http://localhost:9/")
    with pytest.raises(httpx2.ConnectError):
        httpx2.get("http://127.0.0.1:9/", trust_env=False)
""",
        passed=1,
    )
