"""BSON to JSON and back beside libbson, yyjson, rapidjson and cJSON, in thread CPU time."""
import collections
import os
import statistics

from .bench import judged

CORPORA = ("todo", "twitter", "citm", "canada")
DATA = os.environ.get("SACRUM_DATA", "../shared/data")

# Least times faster than a peer, by corpus.
GOALS = {
    ("encode", "libbson"): (40, 65, 35, 28),
    ("encode", "yyjson-tree"): (3.5, 4, 3.5, 2.5),
    ("encode", "yyjson-print"): (1, 1, 1, 1),
    ("decode", "libbson"): (6, 10, 6, 6),
}
NAMES = {
    "libbson": "libbson, relaxed", "cjson": "bson_iter, cJSON tree, print",
    "rapidjson": "bson_iter, rapidjson writer", "yyjson-tree": "bson_iter, yyjson tree, print",
    "yyjson-print": "yyjson printing a tree that is there", "memcpy": "memcpy of the finished text",
    "sacrum-sink": "sacrum, sac_json_encode()", "sacrum-relaxed": "sacrum, relaxed",
    "sacrum-apart": "sacrum, each document by itself, into a buffer",
    "walk": "only walking the BSON, byte by byte through its keys",
    "sacrum-portable": "sacrum without AVX2",
    "cjson-parse": "cJSON, parse only", "yyjson-parse": "yyjson, parse only",
    "yyjson-bson": "yyjson, parse, straight BSON writer",
}


def measure(bench):
    """µs by (job, corpus, way), and bytes of JSON by corpus."""
    times, sizes = collections.defaultdict(list), {}
    for job, corpus, way, us, size in bench.output("codec/bench-codec", str(bench.rounds), DATA):
        times[job, corpus, way].append(float(us))
        sizes[corpus] = int(size)
    return times, sizes


def cell(times, sizes, key, goal):
    job, corpus, way = key
    rate = sizes[corpus] / statistics.median(times[key])
    ratio = statistics.median(a / b for a, b in zip(times[key], times[job, corpus, "sacrum"]))
    text = f"{ratio:.1f}" if ratio >= 0.1 else f"{ratio:.2f}"
    return f"{rate:,.0f}; " + (judged(text, ratio >= goal, f"≥ {goal}") if goal else text)


def print_job(times, sizes, job, title):
    ways = list(dict.fromkeys(way for j, _, way in times if j == job and way != "sacrum"))
    print(f"| {title}: MB/s of minified JSON; sacrum, times | " + " | ".join(CORPORA) + " |")
    print("|---" * (len(CORPORA) + 1) + "|")
    rates = [sizes[c] / statistics.median(times[job, c, "sacrum"]) for c in CORPORA]
    print("| **sacrum** | " + " | ".join(f"**{rate:,.0f}**" for rate in rates) + " |")
    for way in ways:
        goals = GOALS.get((job, way), (None,) * len(CORPORA))
        cells = [cell(times, sizes, (job, corpus, way), goal)
                 for corpus, goal in zip(CORPORA, goals)]
        print(f"| {NAMES.get(way, way)} | " + " | ".join(cells) + " |")


def print_codec(bench):
    if not os.path.isdir(DATA):
        print(f"codec: there is no {DATA}")
        return
    times, sizes = measure(bench)
    print_job(times, sizes, "encode", "BSON to JSON, plain")
    print()
    print_job(times, sizes, "decode", "JSON to BSON")
    for peer in ("yyjson", "rapidjson"):
        if not any(way.startswith(peer) for _, _, way in times):
            print(f"\n{peer}: not here")
