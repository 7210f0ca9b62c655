#!/usr/bin/env python3
"""Add up test results: JUnit files and TAP files, given as arguments.

Prints what failed and why something was skipped, then one closing line.
Exits 1 when something failed or nothing passed.
"""
import json
import os
import re
import sys
import xml.etree.ElementTree as ET

passed = failed = skipped = 0


def junit(path):
    global passed, failed, skipped
    bad = set()
    for case in ET.parse(path).getroot().iter("testcase"):
        name = f"{case.get('classname')}: {case.get('name')}"
        if case.find("failure") is not None or case.find("error") is not None:
            failed += 1
            bad.add(case.get("classname").removeprefix("sacrum."))
            print(f"FAILED  {name}")
        elif (skip := case.find("skipped")) is not None:
            skipped += 1
            print(f"SKIPPED {name} {skip.get('message') or skip.text or ''}".rstrip())
        else:
            passed += 1
    programs(os.path.join(os.path.dirname(path), "testlog.json"), bad)


def programs(path, bad):
    """Programs that ended badly though none of their cases did: a crash, a sanitizer's report."""
    global failed
    with open(path) as lines:
        for test in map(json.loads, lines):
            if test["result"] not in ("OK", "SKIP") and test["name"] not in bad:
                failed += 1
                print(f"FAILED  {test['name']}: {test['result']}")


def tap(path):
    """Leaves only: a line that closes subtests is not counted beside them."""
    global passed, failed, skipped
    parents = set()
    lines = open(path, errors="replace").read().splitlines()
    for i, line in enumerate(lines):
        if re.match(r"\s*# Subtest:", line):
            indent = len(line) - len(line.lstrip())
            if i and re.match(r" {%d}# Subtest:" % max(0, indent - 4), lines[i - 1]):
                parents.add((indent - 4, lines[i - 1].split("# Subtest: ", 1)[1]))
    for line in lines:
        m = re.match(r"(\s*)(not )?ok \d+(?: - (.*?))?(?:\s+# (SKIP|TODO)\b(.*))?$", line)
        if not m or (len(m.group(1)), m.group(3)) in parents:
            continue
        name = m.group(3) or ""
        if m.group(4):
            skipped += 1
            print(f"SKIPPED {name}{m.group(5)}")
        elif m.group(2):
            failed += 1
            print(f"FAILED  {name}")
        else:
            passed += 1


for path in sys.argv[1:]:
    try:
        (junit if path.endswith(".xml") else tap)(path)
    except (OSError, ET.ParseError) as e:
        failed += 1
        print(f"FAILED  {path}: {e}")
print(f"{passed} passed, {failed} failed, {skipped} skipped")
sys.exit(1 if failed or not passed else 0)
