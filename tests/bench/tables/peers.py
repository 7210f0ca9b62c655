"""Other frameworks doing the same job from the same documents.

sacrum reads its documents from a file on disk and sends tags and the headers of
a paged list; the peers have them in memory and send neither.
"""
import contextlib
import json
import os
import subprocess
import sys

from .bench import Server, get_item, get_list, judged, median_of, median_ratio

HERE = os.path.dirname(os.path.abspath(__file__))
FLASK = os.path.join(os.path.dirname(HERE), "peers")
# Debian's, which has Debian's packages; another python3 may come first in PATH.
PYTHON = "/usr/bin/python3"
SAME = ("/api/docs/655f00000102030400000007", "/api/docs?per_page=25")
GOALS = {"ulfius": 1.3, "ulfius, epoll": 1.3, "flask": 10}
NOTES = {"sacrum": "libmicrohttpd, one thread, LMDB",
         "ulfius": "a thread per connection, its default",
         "ulfius, epoll": "one thread", "flask": "gunicorn, one sync worker"}


def have_flask():
    try:
        return subprocess.run([PYTHON, "-c", "import flask, gunicorn"],
                              stderr=subprocess.DEVNULL).returncode == 0
    except FileNotFoundError:
        return False


def start_flask(docs):
    return Server([PYTHON, "-m", "gunicorn", "--config", "gunicorn.conf.py", "flask_app:app"],
                  cwd=FLASK, env={**os.environ, "BENCH_DOCS": docs, "PYTHONDONTWRITEBYTECODE": "1"})


def start(bench, docs, servers):
    """The peers that are here, each by its name, to be stopped by `servers`."""
    peers = {}
    if bench.has("bench-ulfius"):
        peers["ulfius"] = servers.enter_context(bench.serve("bench-ulfius", docs))
        peers["ulfius, epoll"] = servers.enter_context(bench.serve("bench-ulfius", docs, "epoll"))
    else:
        print("ulfius: not here")
    if have_flask():
        peers["flask"] = servers.enter_context(start_flask(docs))
    else:
        print("flask: not here")
    return peers


def check_same(sacrum, peers):
    """A peer that answers something else would be measured doing another job."""
    for path in SAME:
        expected = json.loads(sacrum.fetch("GET", path)[2])
        for name, peer in peers.items():
            if json.loads(peer.fetch("GET", path)[2]) != expected:
                sys.exit(f"{name} answers {path} with other JSON than sacrum")


def multiple(name, loads):
    if name == "sacrum":
        return ""
    ratio = median_ratio(loads["sacrum"], loads[name], "per_cpu_second")
    return judged(f"{ratio:.1f}", ratio >= GOALS[name], f"≥ {GOALS[name]}")


def print_job(job, loads):
    for name, rounds in loads.items():
        print(f"| {job.name} | {name} "
              f"| {median_of(rounds, 'rate'):,.0f} "
              f"| {median_of(rounds, 'per_cpu_second'):,.0f} "
              f"| {median_of(rounds, 'user'):.2f} + {median_of(rounds, 'system'):.2f} "
              f"| {median_of(rounds, 'p50'):,.0f} / {median_of(rounds, 'p99'):,.0f} "
              f"| {multiple(name, loads)} |", flush=True)


def print_memory(servers):
    print("\n| server | how | RSS afterwards, MiB | of it private |\n|---|---|---|---|")
    for name, server in servers.items():
        print(f"| {name} | {NOTES[name]} | {server.memory('VmRSS'):.1f} "
              f"| {server.memory('RssAnon'):.1f} |")


def print_peers(bench):
    with contextlib.ExitStack() as stack:
        sacrum = stack.enter_context(
            bench.serve("bench-server", "sacrum", bench.database("peers.db")))
        docs = bench.file("docs.json", sacrum.fetch("GET", "/api/docs")[2])
        servers = {"sacrum": sacrum, **start(bench, docs, stack)}
        check_same(sacrum, {name: peer for name, peer in servers.items() if peer is not sacrum})
        print("| request | server | requests/s | requests a CPU-second | µs CPU, user + system "
              "| p50 / p99, µs | sacrum's requests a CPU-second, times |")
        print("|---|---|---|---|---|---|---|")
        for job in (get_item(bench), get_list("per_page=25")):
            print_job(job, bench.race(servers, job))
        print_memory(servers)
