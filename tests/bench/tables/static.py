"""A file of 10 kB: sac_app_front() beside bare libmicrohttpd handlers and nginx."""
import contextlib
import os

from .bench import Job, Server, judged, median_of, median_ratio
from .hosts import canned

HERE = os.path.dirname(os.path.abspath(__file__))
NGINX = os.path.join(HERE, "..", "..", "support", "nginx.py")
PATH = "/app.js"
SIZE = 10000
GOAL = 0.8
NOTES = {"sacrum": "sac_app_front()",
         "bare, opened": "libmicrohttpd; opens, stats and sends it each time",
         "bare, in memory": "libmicrohttpd; never looks at the disk",
         "nginx": "one worker, sendfile, no open_file_cache"}


def make_folder(bench):
    folder = os.path.join(bench.folder, "public")
    os.makedirs(folder, exist_ok=True)
    line = b"export const answer = (question) => question.length * 42;\n"
    with open(os.path.join(folder, PATH[1:]), "wb") as f:
        f.write((line * (SIZE // len(line) + 1))[:SIZE])
    return folder


def start_nginx(folder, servers):
    try:
        return servers.enter_context(Server(["python3", "-B", NGINX, folder]))
    except ValueError: # it printed no port
        print("nginx: not here")
        return None


def print_static(bench):
    folder = make_folder(bench)
    job = Job("GET file", f'request = function() return wrk.format("GET", "{PATH}") end', PATH)
    with contextlib.ExitStack() as stack:
        sacrum = stack.enter_context(bench.serve("bench-files", "front", folder))
        head = canned(bench, "file", sacrum.fetch("GET", PATH))
        path = folder + PATH
        servers = {"sacrum": sacrum,
                   "bare, opened": stack.enter_context(
                       bench.serve("bench-files", "open", head, path)),
                   "bare, in memory": stack.enter_context(
                       bench.serve("bench-files", "memory", head, path))}
        nginx = start_nginx(folder, stack)
        if nginx:
            servers["nginx"] = nginx
        loads = bench.race(servers, job)
    print(f"| a file of {SIZE:,} bytes | requests/s | µs CPU, user + system | p50, µs "
          "| sacrum's requests/s, ratio | note |")
    print("|---|---|---|---|---|---|")
    for name, of in loads.items():
        ratio = median_ratio(loads["sacrum"], of, "rate")
        cell = judged(f"{ratio:.2f}", ratio >= GOAL, f"≥ {GOAL}") if name == "bare, opened" \
            else f"{ratio:.2f}" if name != "sacrum" else ""
        print(f"| {name} | {median_of(of, 'rate'):,.0f} | {median_of(of, 'user'):.2f} + "
              f"{median_of(of, 'system'):.2f} | {median_of(of, 'p50'):,.0f} | {cell} "
              f"| {NOTES[name]} |")
