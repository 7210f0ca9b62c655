"""What a filter takes for one document, by itself."""

GOAL = 100  # of a filter of two clauses


def print_query(bench):
    lines = bench.output("bench-match")
    number, size = next((line[1], line[3]) for line in lines if line[0] == "documents")
    print(f"## Filters on {int(number):,} documents of {size} bytes in memory\n")
    print(f"Goal of a filter of two clauses: < {GOAL} ns.\n")
    print("| filter | ns a document | taken, % |\n|---|---|---|")
    for line in lines:
        if line[0] == "filter":
            print(f"| `{' '.join(line[3:])}` | {line[1]} | {line[2]} |")
