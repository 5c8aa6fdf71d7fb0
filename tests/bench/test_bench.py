"""The benchmarks run, whatever they measure."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bench", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_a_benchmark_reports_figures_as_json():
    done = bench("--only", "memory", "--json")

    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)["figures"]
    assert all(figure["ours"] > 0 for figure in figures)


@pytest.mark.parametrize("wrong", [("--only", "nothing"), ("--rounds", "0")])
def test_a_wrong_option_is_explained(wrong: tuple[str, str]):
    done = bench(*wrong)

    assert done.returncode == 2
    assert wrong[0] in done.stderr
    assert "Traceback" not in done.stderr


def whole(data: bytes) -> bool:
    script = f"from bench.traffic import whole; print(whole({data!r}))"
    return subprocess.check_output([sys.executable, "-c", script], cwd=ROOT, text=True) == "True\n"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n", False),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{", False),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}", True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", True),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n", False),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", True),
    ],
)
def test_the_client_knows_where_an_answer_ends(data: bytes, expected: bool):
    assert whole(data) is expected
