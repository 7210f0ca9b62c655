#!/usr/bin/env python3
"""Run the bench programs in interleaved rounds and print medians and ratios.

Absolute figures wander on a busy machine; a ratio is made within one round,
and the median of the rounds' ratios is printed.
"""
import http.client
import os
import re
import statistics
import subprocess
import sys
import tempfile

programs = sys.argv[1]
quick = "--quick" in sys.argv
ROUNDS, SECONDS, DOCS, CONNECTIONS = (3, 1, 20000, 64) if quick else (5, 4, 100000, 64)
TICK = os.sysconf("SC_CLK_TCK")


def median(values):
    return statistics.median(values)


class Server:
    """A bench program that prints its port and stops when its input ends."""

    def __init__(self, program, *args):
        self.process = subprocess.Popen([os.path.join(programs, program), *args],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())

    def cpu(self):
        """Seconds of user and system time so far."""
        with open(f"/proc/{self.process.pid}/stat") as f:
            fields = f.read().rsplit(") ", 1)[1].split()
        return int(fields[11]) / TICK, int(fields[12]) / TICK

    def anonymous(self):
        """MiB of private memory."""
        with open(f"/proc/{self.process.pid}/status") as f:
            return int(re.search(r"RssAnon:\s+(\d+)", f.read()).group(1)) / 1024

    def stop(self):
        self.process.stdin.close()
        self.process.wait(20)


def canned(port, method, path, body, file):
    """Save an answer for the bare handler, without what libmicrohttpd adds by itself."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
    response = connection.getresponse()
    data = response.read()
    if response.status not in (200, 201):
        sys.exit(f"{method} {path}: {response.status} {data[:200]}")
    with open(file, "wb") as f:
        f.write(f"{response.status}\n".encode())
        for name, value in response.getheaders():
            if name.lower() not in ("date", "content-length", "connection"):
                f.write(f"{name}: {value}\n".encode())
        f.write(b"\n" + data)
    connection.close()


def wrk(server, script):
    """Requests a second, and the server's user and system µs a request."""
    user, system = server.cpu()
    out = subprocess.run(["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "-s", script,
                          f"http://127.0.0.1:{server.port}"], capture_output=True, text=True).stdout
    user2, system2 = server.cpu()
    n = int(re.search(r"(\d+) requests in", out).group(1))
    if "Non-2xx" in out or "Socket errors" in out:
        sys.exit(out)
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", out).group(1))
    return rate, (user2 - user) / n * 1e6, (system2 - system) / n * 1e6


def compare(name, sacrum, bare, script):
    rows = []
    for _ in range(ROUNDS):
        rows.append((wrk(sacrum, script), wrk(bare, script)))
    s = [median([r[0][i] for r in rows]) for i in range(3)]
    b = [median([r[1][i] for r in rows]) for i in range(3)]
    ratio = median([r[0][0] / r[1][0] for r in rows])
    user = median([r[0][1] - r[1][1] for r in rows])
    print(f"| {name} | {s[0]:,.0f} | {s[1]:.2f} + {s[2]:.2f} | {b[0]:,.0f} | {b[1]:.2f} + {b[2]:.2f} "
          f"| {ratio:.2f} | {user:+.2f} |", flush=True)


def write(path, text):
    with open(path, "w") as f:
        f.write(text)
    return path


def bench_http(folder):
    file = os.path.join(folder, "docs.db")
    subprocess.run([os.path.join(programs, "bench-server"), "load", file, str(DOCS)], check=True)
    sacrum = Server("bench-server", "sacrum", file)
    first = "655f00000102030400000000"
    new = ('{"title":"write the letter","notes":"before Tuesday","completed":false,"order":7,'
           '"rating":4.25,"due":"2026-11-22","tags":["post","home"],'
           '"address":{"street":"Station street","zip":10115,"lat":52.52,"lon":13.405}}')
    item = write(os.path.join(folder, "item.lua"), f"""
        request = function()
            return wrk.format("GET", string.format("/api/docs/655f000001020304%08x",
                                                   math.random(0, {DOCS - 1})))
        end""")
    page = write(os.path.join(folder, "list.lua"),
                 'request = function() return wrk.format("GET", "/api/docs?per_page=25&count=none") end')
    post = write(os.path.join(folder, "post.lua"), f"""
        request = function()
            return wrk.format("POST", "/api/docs", {{["Content-Type"] = "application/json"}},
                              [[{new}]])
        end""")
    created = os.path.join(folder, "created")
    canned(sacrum.port, "POST", "/api/docs", new, created)
    print("| request | sacrum, requests/s | µs CPU, user + system | bare libmicrohttpd, requests/s "
          "| µs CPU, user + system | requests/s ratio | user µs over bare |")
    print("|---|---|---|---|---|---|---|")
    for name, path, script in (("GET item", f"/api/docs/{first}", item),
                               ("GET list of 25", "/api/docs?per_page=25&count=none", page),
                               ("POST", None, post)):
        got = os.path.join(folder, "got")
        if path:
            canned(sacrum.port, "GET", path, None, got)
        bare = Server("bench-bare", got, created)
        compare(name, sacrum, bare, script)
        bare.stop()
    print(f"\nRssAnon of the sacrum server afterwards: {sacrum.anonymous():.1f} MiB")
    sacrum.stop()
    out = subprocess.run([os.path.join(programs, "bench-mallocs"), file], capture_output=True,
                         text=True, check=True).stdout
    counts = dict(line.split() for line in out.splitlines())
    print(f"Allocations a GET item: {counts['loopback']} in libsacrum and its store (loopback), "
          f"{counts['microhttpd']} with libmicrohttpd's own")


def bench_dispatch():
    out = subprocess.run([os.path.join(programs, "bench-dispatch")], capture_output=True,
                         text=True, check=True).stdout
    print("\n| routes | dispatch, ns |\n|---|---|")
    for line in out.splitlines():
        routes, ns = line.split()
        print(f"| {int(routes):,} | {ns} |")


def bench_insert(folder):
    rounds = []
    for i in range(ROUNDS):
        place = os.path.join(folder, f"round{i}")
        os.mkdir(place)
        out = subprocess.run([os.path.join(programs, "bench-insert"), place, str(min(SECONDS, 3))],
                             capture_output=True, text=True, check=True).stdout
        rounds.append({k: float(v) for k, v in (line.split() for line in out.splitlines())})
    print("\n| durable writes | a second | of the disk's fdatasync | beside |\n|---|---|---|---|")
    names = {"fdatasync": "fdatasync of 4 KiB", "bare-1": "bare LMDB, the same puts a commit",
             "sacrum-1": "sacrum, 1 client", "sacrum-64": "sacrum, 64 clients"}
    for key, name in names.items():
        note = ""
        if key == "sacrum-1":
            note = f"{median([r['bare-1'] / r[key] for r in rounds]):.2f} of a bare commit's time"
        elif key == "sacrum-64":
            note = f"{median([r[key] / r['sacrum-1'] for r in rounds]):.1f} times one client"
        print(f"| {name} | {median([r[key] for r in rounds]):,.0f} "
              f"| {median([r[key] / r['fdatasync'] for r in rounds]):.2f} | {note} |")


def machine():
    with open("/proc/cpuinfo") as f:
        model = re.search(r"model name\s*:\s*(.*)", f.read())
    print(f"{os.cpu_count()} CPUs, {model.group(1) if model else 'unknown'}; medians of {ROUNDS} "
          f"interleaved rounds; wrk -t1 -c{CONNECTIONS} -d{SECONDS}s on loopback, one server "
          f"thread; {DOCS:,} documents\n")


def main():
    # Beside the build: a temporary folder may be in memory, and syncs would be free.
    with tempfile.TemporaryDirectory(dir=programs) as folder:
        machine()
        bench_http(folder)
        bench_dispatch()
        bench_insert(folder)


main()
