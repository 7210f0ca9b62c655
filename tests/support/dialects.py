#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The tables of dialects in a page are what the codec does. TAP.

    dialects.py PAGE PROGRAM

PROGRAM is examples/bson2json. Of PAGE it takes the rows of two tables: one with
columns "plain", "relaxed", "canonical" and "byte" (of the type), where canonical
text is read, and written in all three; and one with columns "JSON" and "is read as",
the second in canonical text. A cell is the value of a member, between backquotes, or
"as plain", "as relaxed".
"""
import re
import subprocess
import sys

PAGE, PROGRAM = sys.argv[1:]
TYPES = {*range(1, 0x14), 0x7f, 0xff}
tests = failures = 0


def check(name, problem):
    global tests, failures
    tests += 1
    failures += problem is not None
    print(f"{'' if problem is None else 'not '}ok {tests} - {name}")
    if problem is not None:
        print(f"# {problem}")


def tables():
    """Each table's rows, as mappings from the heads of its columns."""
    heads = None
    for line in [*open(PAGE, encoding="utf-8"), "\n"]:
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if not line.startswith("|"):
            heads = None
        elif heads is None:
            heads = cells
        elif not set(line) <= set("|- \n"):
            yield dict(zip(heads, cells))


def code(cell):
    found = re.fullmatch(r"`` ?(.*?) ?``|`(.*)`", cell)
    return (found[1] or found[2]) if found else None


def run(given, *arguments):
    done = subprocess.run([PROGRAM, "--quiet", *arguments], input=given, capture_output=True)
    if done.returncode:
        raise ValueError(done.stderr.decode().strip())
    return done.stdout


def read(value):
    return run(f'{{"v":{value}}}'.encode(), "--reverse")


def write(doc, dialect):
    return run(doc, f"--dialect={dialect}").decode().strip()[5:-1]


def written(row):
    cells = {}
    for name in ("plain", "relaxed", "canonical"):
        cells[name] = cells[row[name][3:]] if row[name].startswith("as ") else code(row[name])
    try:
        doc = read(cells["canonical"])
        if doc[4] != int(code(row["byte"]), 16):
            return f"its byte is {doc[4]:#04x}"
        for name, cell in cells.items():
            if write(doc, name) != cell:
                return f"{name} is {write(doc, name)}, not {cell}"
    except ValueError as e:
        return str(e)
    return None


def is_read(row):
    try:
        got = write(read(code(row["JSON"])), "canonical")
        return None if got == code(row["is read as"]) else f"it is read as {got}"
    except ValueError as e:
        return str(e)


seen = set()
for row in tables():
    if "canonical" in row and "byte" in row:
        check(f"written: {row['BSON']}", written(row))
        seen.add(int(code(row["byte"]), 16))
    elif "is read as" in row:
        check(f"read: {row['JSON']}", is_read(row))
check("every type of BSON has an example", None if seen == TYPES else f"not {TYPES - seen}")
print(f"1..{tests}")
sys.exit(failures > 0)
