#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Answers that sac_app_gzip() compresses, over a socket: many on one connection. TAP.

    coded.py SITE HOST
"""
import gzip
import http.client
import os
import subprocess
import sys
import tempfile

SITE, HOST = sys.argv[1:]
FILES = {"small.txt": b"a line of text\n" * 300, "large.txt": b"0123456789abcdef\n" * 60000,
         "tiny.txt": b"tiny", "noise.txt": os.urandom(300000)}
tests = failures = 0


def check(name, good, *notes):
    global tests, failures
    tests += 1
    failures += not good
    print(f"{'' if good else 'not '}ok {tests} - {name}")
    for note in [] if good else notes:
        print("# " + repr(note)[:500])


def ask(connection, method, path, **fields):
    headers = {name.replace("_", "-"): value for name, value in fields.items()}
    connection.request(method, path, headers={"Accept-Encoding": "gzip", **headers})
    response = connection.getresponse()
    return response.status, response.headers, response.read()


def run(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    for _ in range(2):
        for name, content in FILES.items():
            status, head, body = ask(connection, "GET", "/" + name)
            coded = head["Content-Encoding"] == "gzip"
            good = status == 200 and (gzip.decompress(body) if coded else body) == content
            check(f"{name} arrives whole", good, status, head.items(), len(body))
            check(f"{name} is coded where that gains",
                  coded == (name in ("small.txt", "large.txt")) or name == "noise.txt")
            tag = head["ETag"]
            status, again, body = ask(connection, "HEAD", "/" + name)
            same = all(again[field] == head[field] for field in
                       ("Content-Encoding", "ETag", "Vary", "Content-Type"))
            check(f"{name}: HEAD is as GET", status == 200 and same and not body, again.items())
            status, again, body = ask(connection, "GET", "/" + name, If_None_Match=tag)
            check(f"{name}: 304 by its tag", status == 304 and again["ETag"] == tag, status)
            status, _, body = ask(connection, "GET", "/" + name, Accept_Encoding="identity")
            check(f"{name} as it is", status == 200 and body == content, status)
    status, head, body = ask(connection, "GET", "/small.txt", Range="bytes=5-9")
    check("a range is of the plain file", status == 206 and body == FILES["small.txt"][5:10] and
          not head["Content-Encoding"], status, head.items())
    # A client that leaves in the middle of a stream.
    ask_and_leave = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    ask_and_leave.request("GET", "/large.txt", headers={"Accept-Encoding": "gzip"})
    ask_and_leave.getresponse().read(10)
    ask_and_leave.close()
    status, _, body = ask(connection, "GET", "/tiny.txt")
    check("the next request is right", status == 200 and body == b"tiny")
    connection.close()


def main():
    with tempfile.TemporaryDirectory() as folder:
        for name, content in FILES.items():
            with open(os.path.join(folder, name), "wb") as f:
                f.write(content)
        site = subprocess.Popen([SITE, HOST, folder, "gzip"], stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE, text=True)
        try:
            run(int(site.stdout.readline()))
        finally:
            site.stdin.close()
            left = site.wait(30)
        check("the server ended well", left == 0, left)
    print(f"1..{tests}")


main()
sys.exit(failures != 0)
