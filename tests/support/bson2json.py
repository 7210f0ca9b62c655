#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs examples/bson2json as from a shell. TAP.

    bson2json.py PROGRAM GENERATE SUITES

GENERATE is tests/generate; of SUITES it takes the BSON corpus.
"""
import json
import os
import pty
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROGRAM, GENERATE, SUITES = sys.argv[1:]
tests = failures = 0


def check(name, good, *notes):
    global tests, failures
    tests += 1
    failures += not good
    print(f"{'' if good else 'not '}ok {tests} - {name}")
    for note in [] if good else notes:
        print("# " + repr(note)[:2000])


def run(*arguments, given=b""):
    done = subprocess.run([PROGRAM, *arguments], input=given, capture_output=True, timeout=60)
    return done.returncode, done.stdout, done.stderr.decode()


def document(body):
    return struct.pack("<i", len(body) + 5) + body + b"\0"


def element(kind, key, value):
    return bytes([kind]) + key.encode() + b"\0" + value


def string(text):
    return struct.pack("<i", len(text) + 1) + text + b"\0"


def same_json(got, want):
    """Members in order, numbers by their text."""
    def read(text):
        return json.loads(text, object_pairs_hook=list, parse_int=str, parse_float=str)
    return read(got) == read(want)


def corpus():
    for path in sorted(Path(SUITES, "bson-corpus").glob("*.json")):
        for row in json.loads(path.read_text()).get("valid", []):
            if not row.get("lossy"):
                yield row


def test_corpus():
    rows = list(corpus())
    if not rows:
        print("ok 1 - the corpus # SKIP it is not here\n1..1")
        sys.exit(0)
    stream = b"".join(bytes.fromhex(row["canonical_bson"]) for row in rows)
    status, out, err = run("--dialect=canonical", given=stream)
    lines = out.splitlines()
    check("the corpus: a line for each", status == 0 and len(lines) == len(rows) > 700, err)
    check("the corpus: it counts them", err == f"{len(rows)} objects found\n", err)
    wrong = [(line, row["canonical_extjson"]) for line, row in zip(lines, rows)
             if not same_json(line, row["canonical_extjson"])]
    check("the corpus: canonical", not wrong, *wrong[:3])
    check("canonical is what it writes by itself", run(given=stream)[1] == out)
    status, back, err = run("--reverse", "--quiet", given=out)
    check("the corpus: and back", (status, back, err) == (0, stream, ""), status, err)
    relaxed = run("--dialect=relaxed", given=stream)[1].splitlines()
    wrong = [(line, row["relaxed_extjson"]) for line, row in zip(relaxed, rows)
             if "relaxed_extjson" in row and not same_json(line, row["relaxed_extjson"])]
    check("the corpus: relaxed", not wrong, *wrong[:3])
    pretty = run("--pretty", given=stream)[1]
    joined = b"".join(piece.strip() for piece in pretty.splitlines()).replace(b"}{", b"}\n{")
    check("the corpus: pretty", pretty.count(b"\n") > len(rows) and
          run("--reverse", given=joined)[1] == stream)


def test_generated():
    stream = subprocess.run([GENERATE, "2000"], capture_output=True, check=True).stdout
    status, text, _ = run(given=stream)
    check("generated documents: there", status == 0 and text.count(b"\n") == 2000)
    check("generated documents: and back", run("--reverse", given=text)[1] == stream)


def test_damage():
    good = document(element(0x10, "a", b"\1\0\0\0"))
    bad = document(element(2, "s", string(b"\xff")))
    status, out, err = run(given=good + bad + good)
    check("a damaged document is left out", status == 1 and out.count(b"\n") == 2, status, out, err)
    check("its place is named", "document 2 at byte 12, damaged at byte 23" in err, err)
    status, out, err = run("--objcheck", given=good + bad + good)
    check("--objcheck stops there", status == 1 and out.count(b"\n") == 1, status, out, err)
    status, out, err = run("--repair", given=bad)
    check("--repair", (status, out) == (0, '{"s":"\ufffd"}\n'.encode()), status, out)

    for n in range(1, len(good)):
        status, out, err = run(given=good + good[:n])
        if not (status == 1 and out.count(b"\n") == 1 and "document 2 at byte 12: the input ends" in err):
            break
    check("an input cut anywhere", n == len(good) - 1, n, status, out, err)
    for garbage in b"\0\0\0\0", b"\4\0\0\0", b"\xff\xff\xff\xff", b"hello world", b"\1\0\0\1" * 9:
        status, out, err = run(given=good + garbage)
        if status != 1 or out.count(b"\n") != 1 or "document 2 at byte 12" not in err:
            break
    else:
        garbage = None
    check("garbage", garbage is None, garbage, status, out, err)
    check("nothing", run() == (0, b"", "0 objects found\n"))
    check("nothing, reversed", run("--reverse") == (0, b"", "0 objects found\n"))


def test_huge():
    text = b"x\n" * (4 << 20)
    big = document(element(2, "a", string(text)) + element(2, "b", string(text[1000:])))
    status, out, err = run(given=big + big)
    check("a document of nearly 16 MiB", status == 0 and len(out) > 40 << 20, status, err)
    check("and back", run("--reverse", given=out)[1] == big + big)
    broken = bytearray(big)
    broken[-500] = 0xff
    status, out, err = run(given=bytes(broken) + document(b""))
    check("its damage at the end leaves no half line", (status, out) == (1, b"{}\n"), status, out[:80], err)
    status, out, err = run(given=struct.pack("<i", (16 << 20) + 1) + b"x" * 100)
    check("a longer one is refused", status == 1 and "no length of a document" in err, status, err)


def test_lines():
    status, out, err = run("--reverse", given='{"a":1}\r\n\n{"ä":tru}\n{"b":2}'.encode())
    check("lines: blank ones, the last without an end", out == document(element(0x10, "a", b"\1\0\0\0")) +
          document(element(0x10, "b", b"\2\0\0\0")), out)
    check("lines: place of an error", status == 1 and "line 3, column 6 (byte 16): " in err, status, err)
    status, out, err = run("--reverse", "--objcheck", given=b'[1]\n{}')
    check("lines: --objcheck stops", (status, out) == (1, b"") and "line 1, column 1" in err, status, out, err)


def test_debug():
    inner = document(element(0xff, "m", b""))
    whole = document(element(3, "d", inner) + element(8, "b", b"\1"))
    status, out, err = run("--type=debug", given=whole)
    want = ("--- new object ---\n\tsize : 20\n"
            "\t\td\n\t\t\ttype:    3 size: 11\n"
            "\t\t\t--- new object ---\n\t\t\t\tsize : 8\n\t\t\t\t\tm\n\t\t\t\t\t\ttype:   -1 size: 3\n"
            "\t\tb\n\t\t\ttype:    8 size: 4\n")
    check("--type=debug", (status, out.decode()) == (0, want), status, out)


def test_files(folder):
    path, to = folder / "in.bson", folder / "out.json"
    path.write_bytes(document(b""))
    status, out, err = run(str(path), f"--outFile={to}")
    check("files", (status, out, to.read_bytes()) == (0, b"", b"{}\n"), status, out, err)
    check("--bsonFile", run("--bsonFile", str(path), "--quiet") == (0, b"{}\n", ""))
    check("a file onto itself", run(str(path), f"--outFile={path}")[0] == 2 and
          path.read_bytes() == document(b""))
    for wrong in (["--type=xml"], ["--dialect=x"], ["--no"], ["a", "b"], [str(folder / "none")],
                  ["--reverse", "--pretty"], [f"--outFile={folder}/no/file"], [str(folder)]):
        status, out, err = run(*wrong)
        if status != 2 or out or not err.startswith((PROGRAM + ": ", "bson2json: ")):
            break
    else:
        wrong = None
    check("wrong options and files are told", wrong is None, wrong, status, out, err)
    status, out, err = run("--help")
    check("--help", status == 0 and out.startswith(b"usage: bson2json") and not err)
    if os.path.exists("/dev/full"):
        status, _, err = run("--outFile=/dev/full", given=document(b""))
        check("a full disk", status == 2 and "No space left" in err, status, err)


def test_closed_pipe():
    program = subprocess.Popen([PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE)
    program.stdout.close()
    try:
        for _ in range(200):
            program.stdin.write(document(element(2, "a", string(b"x" * 100000))))
        program.stdin.close()
    except BrokenPipeError:
        pass
    status, err = program.wait(60), program.stderr.read()
    check("a reader that goes away", (status, err) == (0, b""), status, err)


def test_progress():
    terminal, end = pty.openpty()
    program = subprocess.Popen([PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=end)
    os.close(end)
    program.stdin.write(document(b"") * 100)
    program.stdin.flush()
    time.sleep(1.1)
    program.stdin.write(document(b"") * 100)
    program.stdin.close()
    status, shown = program.wait(60), os.read(terminal, 4096)
    check("progress on a terminal", status == 0 and b"documents/s\x1b[K\r\x1b[K200 objects found" in shown,
          status, shown)


test_corpus()
test_generated()
test_damage()
test_huge()
test_lines()
test_debug()
with tempfile.TemporaryDirectory() as folder:
    test_files(Path(folder))
test_closed_pipe()
test_progress()
print(f"1..{tests}")
sys.exit(failures > 0)
