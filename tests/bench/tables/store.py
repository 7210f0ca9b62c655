"""Reads through the store interface beside bare LMDB on the same file."""
import os
import statistics

FULL = 1_000_000
GOAL_FILTER = 3_000_000
# name of the figure, words, beside which, goal of the ratio
ROWS = (
    ("bare-get", "bare LMDB: get, every byte read", None, None),
    ("get", "get", "bare-get", 0.9),
    ("bare-scan", "bare LMDB: scan, every byte read", None, None),
    ("scan", "list of all", "bare-scan", 0.9),
    ("filter", "scan with a filter of two clauses, none taken", "bare-scan", None),
    ("filter-some", "the same, one in ten taken", "bare-scan", None),
    ("hit", "indexed equality, half of the documents taken: each", "get", 0.5),
    ("equal", "indexed equality, one taken: each query", "get", None),
)


def measure(bench, docs):
    """The figures of each round."""
    place = bench.file(f"store{docs}")
    os.mkdir(place)
    rounds = []
    for name, figure in bench.output("bench-store", place, str(docs), str(bench.rounds)):
        if name == "bare-get":
            rounds.append({})
        rounds[-1][name] = float(figure)
    return rounds


def verdict(name, rate, ratio, goal):
    if name == "filter":
        return f" (goal {GOAL_FILTER:,} a second{'' if rate >= GOAL_FILTER else ': missed'})"
    if goal:
        return f" (goal {goal}{'' if ratio >= goal else ': missed'})"
    return ""


def print_store(bench):
    docs = FULL if bench.full else bench.docs
    rounds = measure(bench, docs)
    print(f"| store, {docs:,} documents | a second of CPU | beside |\n|---|---|---|")
    for name, words, to, goal in ROWS:
        rate = statistics.median(r[name] for r in rounds)
        ratio = statistics.median(r[name] / r[to] for r in rounds) if to else None
        beside = f"{ratio:.2f} of {to}{verdict(name, rate, ratio, goal)}" if to else ""
        print(f"| {words} | {rate:,.0f} | {beside} |")

    pages = min(docs // 25, 10000)
    print(f"\n| µs of a page of 25 | page 1 to 200 | up to page {pages:,} |\n|---|---|---|")
    for name, words in (("page-id", "by `_id`"), ("page-index", "by an index, downwards")):
        first, last = (statistics.median(r[f"{name}-{end}"] for r in rounds)
                       for end in ("first", "last"))
        print(f"| {words} | {first:.1f} | {last:.1f} |")
