"""A page of Mustache beside the same page of Jinja2."""
import datetime
import json
import random
import statistics
import subprocess
import sys
from pathlib import Path

from .bench import judged

GOAL = 10  # times faster than Jinja2
PEERS = Path(__file__).parent.parent / "peers"
ENGINES = {"jinja": "Jinja2, autoescape, compiled", "chevron": "chevron (Mustache in Python)"}
WORDS = ("milk bread “coffee” train holiday <b>bold</b> Tom & Jerry it's late garden letter "
         "say \"yes\" house Käse river").split(" ")


def page_data():
    """50 notes; every fifth word or so has something to escape."""
    rng = random.Random(1)
    begin = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)

    def text(n):
        return " ".join(rng.choice(WORDS) for _ in range(n))

    items = [{"_id": f"{rng.getrandbits(96):024x}", "title": text(4), "text": text(25),
              "done": i % 3 == 0, "author": {"name": text(2)},
              "created": (begin + datetime.timedelta(hours=i)).isoformat(),
              "words": rng.randrange(1000), "rating": rng.randrange(100) / 8 + 0.0625,
              "tags": [rng.choice(WORDS) for _ in range(i % 4)]} for i in range(50)]
    nav = [{"href": f"/{name.lower()}", "label": name, "current": name == "Notes"}
           for name in ("Home", "Notes", "Tags", "Search", "About")]
    return {"title": "Notes & more", "site": "Example", "year": 2026, "notice": "All yours.",
            "user": {"name": "Ann <ann@example.org>"}, "count": len(items), "items": items,
            "nav": nav}


def times(command):
    out = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    return [float(line) for line in out.split()]


def is_there(engine):
    return subprocess.run([sys.executable, "-c", f"import {engine}"], stderr=subprocess.DEVNULL,
                          check=False).returncode == 0


def plain(page):
    """Quotes are escaped in one way or another, or not."""
    return page.replace("&#34;", "&quot;").replace("&#39;", "'")


def print_templates(bench):
    data = bench.file("data.json", json.dumps(page_data()).encode())
    ours, theirs = bench.file("ours.html"), bench.file("theirs.html")
    engines = {name: is_there({"jinja": "jinja2"}.get(name, name)) for name in ENGINES}
    rows = {"sacrum": []} | {name: [] for name, here in engines.items() if here}
    for _ in range(bench.rounds):
        rows["sacrum"] += times([bench.program("bench-templates"), str(PEERS / "templates"), data,
                                 ours, "1"])
        for name in list(rows)[1:]:
            rows[name] += times([sys.executable, "-B", str(PEERS / "templates.py"), name, data,
                                 theirs, "1"])
            if plain(Path(ours).read_text()) != plain(Path(theirs).read_text()):
                sys.exit(f"templates: the page of {name} is another one")
    size = Path(ours).stat().st_size
    print(f"## A page of {size / 1000:.0f} kB: layout, nav, 50 notes with text to escape\n")
    print("| engine | µs of CPU a page | times sacrum's |\n|---|---|---|")
    print(f"| **sacrum** | **{statistics.median(rows['sacrum']):.1f}** | 1 |")
    for name, here in engines.items():
        if not here:
            print(f"| {ENGINES[name]} | not here | |")
            continue
        ratio = statistics.median(a / b for a, b in zip(rows[name], rows["sacrum"]))
        text = f"{ratio:.0f}"
        if name == "jinja":
            text = judged(text, ratio >= GOAL, f"≥ {GOAL}")
        print(f"| {ENGINES[name]} | {statistics.median(rows[name]):,.0f} | {text} |")
