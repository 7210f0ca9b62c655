"""Durable writes beside bare LMDB and the disk's own fdatasync rate."""
import os
import statistics

from .bench import judged

NAMES = {"fdatasync": "fdatasync of 4 KiB", "bare-1": "bare LMDB, the same puts a commit",
         "sacrum-1": "sacrum, 1 client", "bare-32": "bare LMDB, 32 inserts a commit",
         "sacrum-32": "sacrum, 32 clients", "sacrum-64": "sacrum, 64 clients",
         "bare-update-32": "bare LMDB, 32 updates a commit",
         "update-32": "sacrum, 32 clients that replace"}
GOAL_UPDATE = 0.8  # of bare LMDB at the same group size
LOG = {"log": "appends to a preallocated log alone", "both": "the same, then LMDB without sync",
       "lmdb": "bare LMDB, durable"}


def measure(bench, round_number):
    place = bench.file(f"round{round_number}")
    os.mkdir(place)
    return {name: float(rate) for program in ("bench-insert", "bench-log")
            for name, rate in bench.output(program, place, str(min(bench.seconds, 3)))}


def print_writes(bench):
    rounds = [measure(bench, i) for i in range(bench.rounds)]

    def ratio(of, to):
        return statistics.median(r[of] / r[to] for r in rounds)

    update = ratio("update-32", "bare-update-32")
    notes = {"sacrum-1": f"{ratio('bare-1', 'sacrum-1'):.2f} of a bare commit's time",
             "sacrum-32": f"{ratio('sacrum-32', 'bare-32'):.2f} of bare LMDB",
             "sacrum-64": f"{ratio('sacrum-64', 'sacrum-1'):.1f} times one client",
             "update-32": judged(f"{update:.2f} of bare LMDB", update >= GOAL_UPDATE, GOAL_UPDATE)}
    print("| durable writes | a second | of the disk's fdatasync | beside |\n|---|---|---|---|")
    for key, name in NAMES.items():
        print(f"| {name} | {statistics.median(r[key] for r in rounds):,.0f} "
              f"| {ratio(key, 'fdatasync'):.2f} | {notes.get(key, '')} |")

    print("\n| documents a second, by documents a commit | 1 | 32 | beside LMDB |\n|---|---|---|---|")
    for key, name in LOG.items():
        rates = [statistics.median(r[f"{key}-{n}"] for r in rounds) for n in (1, 32)]
        beside = [ratio(f"{key}-{n}", f"lmdb-{n}") for n in (1, 32)]
        print(f"| {name} | {rates[0]:,.0f} | {rates[1]:,.0f} | {beside[0]:.1f}, {beside[1]:.1f} |")
