"""One load on one server: wrk where it is installed, our own client elsewhere, the server's time watched meanwhile."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from bench.servers import ROOT, BrokenError, Server, cpu_seconds, environment, pin

CONNECTIONS = 32


@dataclass(frozen=True)
class Outcome:
    """What one load showed.

    `busy` is the share of a core that the server used, `cpu` its microseconds for a request; both are None where the
    system does not tell.
    """

    rate: float
    busy: float | None
    cpu: float | None


def client_name() -> str:
    """The load client in use."""
    return "wrk" if shutil.which("wrk") else "bench.client"


def load(server: Server, bodies: Path, seconds: float, first_serial: int) -> Outcome:
    """Ask `bodies` in turn over kept-alive connections for `seconds`. `BrokenError` if any answer is not a 200."""
    before = cpu_seconds(server)
    told = _run(server, bodies, seconds, first_serial)
    after = cpu_seconds(server)
    requests = told["requests"]
    if told["failures"] or not requests:
        raise BrokenError(f"{server.name} failed {told['failures']} of {requests} requests under load")
    rate = requests / told["seconds"]
    if before is None or after is None:
        return Outcome(rate, None, None)
    return Outcome(rate, (after - before) / told["seconds"], (after - before) / requests * 1e6)


def _run(server: Server, bodies: Path, seconds: float, first_serial: int) -> dict[str, float]:
    if shutil.which("wrk"):
        command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{max(1, round(seconds))}s", "-s", "bench/load.lua"]
        command += [f"http://127.0.0.1:{server.port}", "--", str(bodies), str(first_serial)]
    else:
        command = [sys.executable, "-m", "bench.client", str(server.port), str(bodies), str(CONNECTIONS)]
        command += [str(seconds), str(first_serial)]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as client:
        try:
            pin(client.pid, 1)
            said, _ = client.communicate(timeout=seconds + 60)
        except BaseException:
            client.kill()
            raise
    if client.returncode:
        raise BrokenError(f"the load client ended with status {client.returncode}:\n{said.strip()}")
    told: dict[str, float] = json.loads(said.strip().splitlines()[-1])
    return told
