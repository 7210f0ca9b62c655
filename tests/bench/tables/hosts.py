"""sacrum on a host beside the host's own library answering the same bytes."""
import statistics

from .bench import Job, get_item, get_list, judged, median_of, median_ratio

NEW = ('{"title":"write the letter","notes":"before Tuesday","completed":false,"order":7,'
       '"rating":4.25,"due":"2026-11-22","tags":["post","home"],'
       '"address":{"street":"Station street","zip":10115,"lat":52.52,"lon":13.405}}')
FIRST = "/api/docs/655f00000102030400000000"


def post():
    return Job("POST", f"""
        request = function()
            return wrk.format("POST", "/api/docs", {{["Content-Type"] = "application/json"}},
                              [[{NEW}]])
        end""")


def canned(bench, name, answer):
    """A file of an answer for the bare handler, without what the host's library adds itself."""
    status, headers, body = answer
    lines = [str(status)] + [f"{name}: {value}" for name, value in headers
                             if name.lower() not in ("date", "content-length", "connection")]
    return bench.file(name, "\n".join(lines).encode() + b"\n\n" + body)


def judged_row(name, sacrum, bare, goals):
    """A line of the table; goals: by column, those that there are for this request."""
    rate = median_of(sacrum, "rate")
    ratio = median_ratio(sacrum, bare, "rate")
    over = statistics.median(s.user - b.user for s, b in zip(sacrum, bare))
    cells = {"rate": (f"{rate:,.0f}", rate >= goals.get("rate", 0), "≥ {:,}"),
             "ratio": (f"{ratio:.2f}", ratio >= goals.get("ratio", 0), "≥ {}"),
             "over": (f"{over:+.2f}", over <= goals.get("over", over), "≤ +{}")}
    cells = {key: judged(text, reached, goal.format(goals[key])) if key in goals else text
             for key, (text, reached, goal) in cells.items()}
    return (f"| {name} | {cells['rate']} "
            f"| {median_of(sacrum, 'user'):.2f} + {median_of(sacrum, 'system'):.2f} "
            f"| {median_of(bare, 'rate'):,.0f} "
            f"| {median_of(bare, 'user'):.2f} + {median_of(bare, 'system'):.2f} "
            f"| {cells['ratio']} | {cells['over']} |")


def print_host(bench, library, sacrum, bare_program, goals):
    """`sacrum` is the running server, `bare_program` answers canned bytes."""
    created = canned(bench, "created", sacrum.fetch("POST", "/api/docs", NEW))
    print(f"| request | sacrum, requests/s | µs CPU, user + system | bare {library}, requests/s "
          "| µs CPU, user + system | requests/s ratio | user µs over bare |")
    print("|---|---|---|---|---|---|---|")
    for job, path in ((get_item(bench), FIRST), (get_list("per_page=25&count=none"), None),
                      (post(), FIRST)):
        got = canned(bench, "got", sacrum.fetch("GET", path or job.path))
        with bench.serve(bare_program, got, created) as bare:
            loads = bench.race({"sacrum": sacrum, "bare": bare}, job)
        print(judged_row(job.name, loads["sacrum"], loads["bare"], goals.get(job.name, {})),
              flush=True)
    print(f"\nRssAnon of the sacrum server afterwards: {sacrum.memory('RssAnon'):.1f} MiB")


def print_microhttpd(bench):
    file = bench.database("microhttpd.db")
    with bench.serve("bench-server", "sacrum", file) as sacrum:
        print_host(bench, "libmicrohttpd", sacrum, "bench-bare",
                   {"GET item": {"ratio": 0.85, "over": 2.0}, "GET list of 25": {"rate": 20000}})
    counts = dict(bench.output("bench-mallocs", file))
    print(f"Allocations a GET item: {counts['loopback']} in libsacrum and its store (loopback), "
          f"{counts['microhttpd']} with libmicrohttpd's own")


def print_libevent(bench):
    if not bench.has("bench-server-libevent", "bench-evhttp-bare"):
        print("libevent: not here")
        return
    with bench.serve("bench-server-libevent", bench.database("libevent.db")) as sacrum:
        print_host(bench, "evhttp", sacrum, "bench-evhttp-bare", {"GET item": {"ratio": 0.85}})
