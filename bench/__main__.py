"""`python -m bench`: run the benchmarks and show a table. Slow is a figure; only what breaks makes the status 1."""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

from bench import flows, inside, pace, report, servers, startup, throughput

BENCHMARKS: dict[str, Callable[[int, float, Path], Iterator[report.Figure]]] = {
    "chat": throughput.chat,
    "streams": throughput.streams,
    "responses": throughput.responses,
    "flows": flows.over_http,
    "index": flows.index_alone,
    "sdk": inside.sdk,
    "clients": inside.clients,
    "pace": pace.pace,
    "start": startup.cold_start,
    "command": startup.command_line,
    "memory": startup.memory,
}


def main() -> int:
    """Run what the command line asks for. Returns the exit status."""
    asked = _arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that servers are stopped on the way out
    print(f"{report.heading()}; rounds: {asked.rounds}", file=sys.stderr)
    if not asked.json:
        print(report.titles(), flush=True)
    figures: list[report.Figure] = []
    broken = False
    for name in asked.only or BENCHMARKS:
        try:
            with tempfile.TemporaryDirectory() as folder:
                for figure in BENCHMARKS[name](asked.rounds, asked.seconds, Path(folder)):
                    figures.append(figure)
                    if not asked.json:
                        print(report.row(figure), flush=True)
        except servers.BrokenError as error:
            broken = True
            print(f"{name} is broken: {error}", file=sys.stderr)
        except Exception:  # noqa: BLE001 - the other benchmarks still have something to tell
            broken = True
            print(f"{name} is broken:\n{traceback.format_exc()}", file=sys.stderr)
    if asked.json:
        print(report.as_json(figures))
    return int(broken)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/bench", description="What openai-mock costs, as ratios to its floors."
    )
    parser.add_argument("--only", action="append", choices=BENCHMARKS, help="run this benchmark; may be repeated")
    parser.add_argument(
        "--rounds",
        type=_at_least_one,
        default=3,
        help="interleaved rounds; the median counts, of paced streams the best",
    )
    parser.add_argument("--seconds", type=float, default=3.0, help="length of one load")
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of a table")
    return parser.parse_args()


def _at_least_one(text: str) -> int:
    rounds = int(text)
    if rounds < 1:
        raise argparse.ArgumentTypeError("at least one round is needed")
    return rounds


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
