"""What the router costs, and over a bare request a decorator and a middleware."""
from .bench import judged

ROUTES_GOAL = 150
STEP_GOALS = {"decorator": 50, "middleware": 50}


def print_dispatch(bench):
    lines = bench.output("bench-dispatch")
    routes = [(int(n), float(ns)) for n, ns in lines if n.isdigit()]
    steps = [(name, float(ns)) for name, ns in lines if not name.isdigit()]
    print("| routes | dispatch, ns |\n|---|---|")
    for n, ns in routes:
        print(f"| {n:,} | {judged(f'{ns:.1f}', ns < ROUTES_GOAL, f'< {ROUTES_GOAL}')} |")
    if steps:
        print("\n| what | ns |\n|---|---|")
    for name, ns in steps:
        goal = STEP_GOALS.get(name)
        text = judged(f"{ns:.1f}", ns < goal, f"< {goal}") if goal else f"{ns:.1f}"
        print(f"| {name} | {text} |")
