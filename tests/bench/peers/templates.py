#!/usr/bin/env python3
"""The same page by engines of Python.

    templates.py ENGINE DATA OUT ROUNDS

Prints µs of CPU a page, a line a round, and writes the page to OUT. Compiled once
where an engine can.
"""
import json
import sys
import time
from pathlib import Path

FOLDER = Path(__file__).parent / "templates"


def jinja():
    import jinja2
    environment = jinja2.Environment(loader=jinja2.FileSystemLoader(FOLDER), autoescape=True,
                                     trim_blocks=True, lstrip_blocks=True,
                                     keep_trailing_newline=True, auto_reload=False)
    return environment.get_template("page.jinja").render


def chevron():
    import chevron
    page, head, foot = ((FOLDER / f"{name}.mustache").read_text()
                        for name in ("page", "head", "foot"))
    return lambda data: chevron.render(page, data, partials_dict={"head": head, "foot": foot})


def main(engine, data, out, rounds):
    render = {"jinja": jinja, "chevron": chevron}[engine]()
    data = json.loads(Path(data).read_text())
    Path(out).write_text(render(data))
    for _ in range(int(rounds)):
        n, begin = 0, time.process_time()
        while (spent := time.process_time() - begin) < 0.3:
            render(data)
            n += 1
        print(spent / n * 1e6)


main(*sys.argv[1:])
