"""Durable writes beside bare LMDB and the disk's own fdatasync rate."""
import os
import statistics

NAMES = {"fdatasync": "fdatasync of 4 KiB", "bare-1": "bare LMDB, the same puts a commit",
         "sacrum-1": "sacrum, 1 client", "sacrum-64": "sacrum, 64 clients"}


def measure(bench, round_number):
    place = bench.file(f"round{round_number}")
    os.mkdir(place)
    return {name: float(rate)
            for name, rate in bench.output("bench-insert", place, str(min(bench.seconds, 3)))}


def print_writes(bench):
    rounds = [measure(bench, i) for i in range(bench.rounds)]

    def ratio(of, to):
        return statistics.median(r[of] / r[to] for r in rounds)

    notes = {"sacrum-1": f"{ratio('bare-1', 'sacrum-1'):.2f} of a bare commit's time",
             "sacrum-64": f"{ratio('sacrum-64', 'sacrum-1'):.1f} times one client"}
    print("| durable writes | a second | of the disk's fdatasync | beside |\n|---|---|---|---|")
    for key, name in NAMES.items():
        print(f"| {name} | {statistics.median(r[key] for r in rounds):,.0f} "
              f"| {ratio(key, 'fdatasync'):.2f} | {notes.get(key, '')} |")
