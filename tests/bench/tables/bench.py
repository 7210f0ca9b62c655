"""What the tables share: the settings of a run, servers, load from wrk."""
import dataclasses
import http.client
import os
import re
import statistics
import subprocess
import sys

TICK = os.sysconf("SC_CLK_TCK")
MICROSECONDS = {"us": 1, "ms": 1e3, "s": 1e6}


@dataclasses.dataclass(frozen=True)
class Bench:
    """A run: where the programs and the data are, how long, how often."""
    programs: str
    folder: str
    rounds: int
    seconds: int
    docs: int
    connections: int = 64
    full: bool = False

    def program(self, name):
        return os.path.join(self.programs, name)

    def has(self, *names):
        return all(os.path.exists(self.program(name)) for name in names)

    def output(self, name, *args):
        """What a program prints, as lists of words, one a line."""
        out = subprocess.run([self.program(name), *args], stdout=subprocess.PIPE, text=True,
                             check=True).stdout
        return [line.split() for line in out.splitlines()]

    def file(self, name, content=None):
        """The path of a file of this run; with content, written."""
        path = os.path.join(self.folder, name)
        if content is not None:
            with open(path, "wb") as f:
                f.write(content)
        return path

    def database(self, name):
        """A database with the run's documents."""
        path = self.file(name)
        self.output("bench-server", "load", path, str(self.docs))
        return path

    def serve(self, name, *args):
        return Server([self.program(name), *args])

    def race(self, servers, job):
        """The loads of each server by name, put on them in turn, round by round."""
        loads = {name: [] for name in servers}
        for _ in range(self.rounds):
            for name, server in servers.items():
                loads[name].append(self.load(server, job))
        return loads

    def load(self, server, job):
        script = self.file("job.lua", job.lua.encode())
        user, system = server.cpu()
        out = subprocess.run(
            ["wrk", "-t1", f"-c{self.connections}", f"-d{self.seconds}s", "--latency",
             "-s", script, f"http://127.0.0.1:{server.port}"],
            stdout=subprocess.PIPE, text=True, check=True).stdout
        user2, system2 = server.cpu()
        if "Non-2xx" in out or "Socket errors" in out:
            sys.exit(out)
        n = int(re.search(r"(\d+) requests in", out).group(1))
        rate = float(re.search(r"Requests/sec:\s+([\d.]+)", out).group(1))
        return Load(rate, (user2 - user) / n * 1e6, (system2 - system) / n * 1e6,
                    latency(out, 50), latency(out, 99))


def latency(out, percentile):
    """µs of a percentile in what wrk printed."""
    value, unit = re.search(rf"\s{percentile}%\s+([\d.]+)(us|ms|s)\b", out).groups()
    return float(value) * MICROSECONDS[unit]


@dataclasses.dataclass(frozen=True)
class Load:
    """One wrk run: requests a second; µs of the server's CPU a request; latencies in µs."""
    rate: float
    user: float
    system: float
    p50: float
    p99: float

    @property
    def per_cpu_second(self):
        return 1e6 / (self.user + self.system)


@dataclasses.dataclass(frozen=True)
class Job:
    """A kind of request, as a wrk script; where it has one path only, the path."""
    name: str
    lua: str
    path: str = None


def get_item(bench):
    """A random one of the documents."""
    return Job("GET item", f"""
        request = function()
            return wrk.format("GET", string.format("/api/docs/655f000001020304%08x",
                                                   math.random(0, {bench.docs - 1})))
        end""")


def get_list(query):
    path = "/api/docs?" + query
    return Job("GET list of 25", f'request = function() return wrk.format("GET", "{path}") end',
               path)


class Server:
    """A program and its children; it prints its port and stops when its input ends."""

    def __init__(self, command, **options):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True, **options)
        self.port = int(self.process.stdout.readline())

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.process.stdin.close()
        self.process.wait(20)

    def fetch(self, method, path, body=None):
        """(status, headers, body) of an answer, which must be a good one."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
        response = connection.getresponse()
        data = response.read()
        connection.close()
        if response.status not in (200, 201):
            sys.exit(f"{method} {path}: {response.status} {data[:200]}")
        return response.status, response.getheaders(), data

    def cpu(self):
        """Seconds of user and system time so far."""
        user = system = 0
        for pid in tree(self.process.pid):
            with open(f"/proc/{pid}/stat") as f:
                fields = f.read().rsplit(") ", 1)[1].split()
            user += int(fields[11])
            system += int(fields[12])
        return user / TICK, system / TICK

    def memory(self, kind):
        """MiB; VmRSS: in memory, RssAnon: of it private."""
        total = 0
        for pid in tree(self.process.pid):
            with open(f"/proc/{pid}/status") as f:
                total += int(re.search(rf"{kind}:\s+(\d+)", f.read()).group(1))
        return total / 1024


def tree(pid):
    """A process and its children, all the way down."""
    yield pid
    with open(f"/proc/{pid}/task/{pid}/children") as f:
        children = f.read().split()
    for child in children:
        yield from tree(int(child))


def median_of(loads, name):
    """The median of a Load's field."""
    return statistics.median(getattr(load, name) for load in loads)


def median_ratio(ours, theirs, name):
    """The median of the rounds' ratios of a Load's field."""
    return statistics.median(getattr(a, name) / getattr(b, name) for a, b in zip(ours, theirs))


def judged(text, reached, goal):
    return f"{text} (goal {goal}{'' if reached else ': missed'})"
