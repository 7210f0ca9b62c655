#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Asks sacrum and nginx for the same files in the same ways and compares what they say. TAP.

    compare.py SITE HOST NGINX.py

A difference that is meant stands in MEANT with its reason; one that is no more is a failure too.
"""
import gzip
import os
import re
import socket
import subprocess
import sys
import tempfile

SITE, HOST, NGINX = sys.argv[1:]
MTIME = 1700000000
NOW, BEFORE, AFTER = ("Tue, 14 Nov 2023 22:13:%02d GMT" % s for s in (20, 19, 21))
SAME = ("content-type", "content-length", "content-range", "content-encoding", "last-modified",
        "accept-ranges", "location")


ONE_SPELLING = "404: a path has one spelling, and nothing is normalised (RFC 3986 §6 leaves it open)"
CLIMBING = "404, as of all that is not there; nginx says 400"
HIDDEN = "404: what begins with a dot is never served"
NO_LIST = "404: what is in a folder is not told, nor that there is one"
ONE_RANGE = ("the whole file: a server may ignore Range (RFC 9110 §14.2), and many parts serve "
             "attacks more than clients (§17.15)")
BAD_RANGE = "the whole file: what is no range may be ignored (RFC 9110 §14.2)"
CODED_RANGE = "206: a range is of the coded bytes (RFC 9110 §14.2); nginx has none of these files"
ANY_CODING = "coded: RFC 9110 §12.5.3; nginx knows the one spelling"
MEANT = {
    **dict.fromkeys((f"path {path}" for path in (
        "/sub/../app.js", "/./app.js", "//app.js", "/sub//index.html", "/sub%2findex.html")),
        ONE_SPELLING),
    **dict.fromkeys((f"path {path}" for path in (
        "/../secret", "/sub/../../secret", "/%2e%2e/secret", "/..%2fsecret", "/app.js%00",
        "/app.js%00.html", "/%", "/%zz")), CLIMBING),
    "path /.hidden": HIDDEN,
    "path /%2ehidden": HIDDEN,
    "path /bare/": NO_LIST,
    "path /bare": NO_LIST,
    "method BREW": "501: RFC 9110 §9.1 for a method that is not known",
    "the tag beside an earlier date": "304: a date beside a tag is ignored (RFC 9110 §13.1.3)",
    "if-match beside an earlier date": "200: likewise (§13.1.4)",
    "if-unmodified-since, no date": "200: what is no date is ignored (RFC 9110 §13.1.4)",
    "several ranges": ONE_RANGE,
    "ranges of which one is outside": ONE_RANGE,
    "a range that is upside down": BAD_RANGE,
    "a range without bounds": BAD_RANGE,
    "a range of letters": BAD_RANGE,
    "a range and spaces": BAD_RANGE,
    "a range of huge numbers": "206: up to the end (RFC 9110 §14.1.2)",
    "a range, head": "200: only GET has ranges (RFC 9110 §14.2)",
    "a range of an empty file": "416: it begins behind the end (RFC 9110 §14.1.2)",
    "coding *": ANY_CODING,
    "coding x-gzip": ANY_CODING,
    "coding identity;q=1, gzip;q=0.5": "as it is: what the client likes better",
    "coded, a range": CODED_RANGE,
    "coded, a suffix": CODED_RANGE,
    "coded, beyond the end": CODED_RANGE,
    "coded, if-range": CODED_RANGE,
}


def make_folder(folder):
    files = {"index.html": b"<h1>top</h1>", "app.js": b"let a = 1;\n" * 500, "empty.txt": b"",
             "style.css": b"a{}", "data.json": b"{}", "app.js.map": b"{}", "logo.svg": b"<svg/>",
             "pic.png": b"\x89PNG", "plain": b"no ending", "a b.txt": b"blank",
             "large.txt": b"0123456789abcdef" * 20000, "sub/index.html": b"<h1>sub</h1>",
             "bare/x.txt": b"x", ".hidden": b"secret", "ten.txt": b"0123456789"}
    files["app.js.gz"] = gzip.compress(files["app.js"], mtime=0)
    for name, content in files.items():
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(content)
        os.utime(path, (MTIME, MTIME))


def read_answer(s, method):
    data = b""
    while b"\r\n\r\n" not in data:
        piece = s.recv(65536)
        if not piece:
            break
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    status = int(lines[0].split()[1]) if lines[0] else 0
    fields = {}
    for line in lines[1:]:
        name, _, value = line.partition(":")
        fields[name.lower()] = value.strip()
    length = 0 if method == "HEAD" or status in (204, 304) else fields.get("content-length")
    while length is None or len(body) < int(length):
        piece = s.recv(65536)
        if not piece:
            break
        body += piece
    return status, fields, body


def ask(port, method, target, fields=()):
    lines = [f"{method} {target} HTTP/1.1", "Host: localhost", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in fields]
    with socket.create_connection(("127.0.0.1", port), 10) as s:
        s.settimeout(10)
        s.sendall(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))
        return read_answer(s, method)


def cases():
    """(name, method, target, fields); "ETAG" in a value is the server's own of that target."""
    for target in ("/", "/index.html", "/app.js", "/style.css", "/data.json", "/app.js.map",
                   "/logo.svg", "/pic.png", "/plain", "/a%20b.txt", "/large.txt", "/empty.txt",
                   "/sub/", "/sub/index.html", "/app.js?v=1", "/%61pp.js"):
        yield f"get {target}", "GET", target, ()
        yield f"head {target}", "HEAD", target, ()
    for target in ("/missing", "/missing/", "/sub/missing.js", "/app.js/", "/app.js/x", "/bare/",
                   "/sub", "/sub?x=1", "/bare", "/.hidden", "/%2ehidden", "/../secret",
                   "/sub/../../secret", "/%2e%2e/secret", "/..%2fsecret", "/sub/../app.js",
                   "/./app.js", "//app.js", "/sub//index.html", "/sub%2findex.html",
                   "/app.js%00", "/app.js%00.html", "/..%5csecret", "/%ff", "/%", "/%zz",
                   "/APP.JS", "/app.js%20"):
        yield f"path {target}", "GET", target, ()
    for method in ("POST", "PUT", "DELETE", "PATCH", "BREW"):
        yield f"method {method}", method, "/app.js", ()
    for name, fields in {
            "if-none-match, the tag": [("If-None-Match", "ETAG")],
            "if-none-match, weak": [("If-None-Match", "W/ETAG")],
            "if-none-match, another": [("If-None-Match", '"x"')],
            "if-none-match, in a list": [("If-None-Match", '"a", ETAG, "b"')],
            "if-none-match, any": [("If-None-Match", "*")],
            "if-none-match, not a tag": [("If-None-Match", "x")],
            "if-modified-since, the same": [("If-Modified-Since", NOW)],
            "if-modified-since, earlier": [("If-Modified-Since", BEFORE)],
            "if-modified-since, later": [("If-Modified-Since", AFTER)],
            "if-modified-since, no date": [("If-Modified-Since", "yesterday")],
            "if-modified-since, rfc 850": [("If-Modified-Since",
                                            "Tuesday, 14-Nov-23 22:13:20 GMT")],
            "if-modified-since, asctime": [("If-Modified-Since", "Tue Nov 14 22:13:20 2023")],
            "another tag beside the same date": [("If-None-Match", '"x"'),
                                                 ("If-Modified-Since", NOW)],
            "the tag beside an earlier date": [("If-None-Match", "ETAG"),
                                               ("If-Modified-Since", BEFORE)],
            "if-match, the tag": [("If-Match", "ETAG")],
            "if-match, another": [("If-Match", '"x"')],
            "if-match, any": [("If-Match", "*")],
            "if-match, weak": [("If-Match", "W/ETAG")],
            "if-match, in a list": [("If-Match", '"a", ETAG')],
            "if-unmodified-since, the same": [("If-Unmodified-Since", NOW)],
            "if-unmodified-since, earlier": [("If-Unmodified-Since", BEFORE)],
            "if-unmodified-since, later": [("If-Unmodified-Since", AFTER)],
            "if-unmodified-since, no date": [("If-Unmodified-Since", "x")],
            "if-match beside an earlier date": [("If-Match", "ETAG"),
                                                ("If-Unmodified-Since", BEFORE)],
            "if-match and if-none-match": [("If-Match", "ETAG"), ("If-None-Match", "ETAG")],
            "another if-match, the same if-none-match": [("If-Match", '"x"'),
                                                         ("If-None-Match", "ETAG")]}.items():
        yield name, "GET", "/ten.txt", fields
        if name.endswith(("the tag", "the same", "another")):
            yield "head, " + name, "HEAD", "/ten.txt", fields
    for name, value in {
            "a range": "bytes=2-4", "the first byte": "bytes=0-0", "the last byte": "bytes=9-9",
            "an open range": "bytes=5-", "an open range of all": "bytes=0-",
            "a suffix": "bytes=-3", "a suffix of all": "bytes=-10",
            "a suffix of more than all": "bytes=-99", "a suffix of none": "bytes=-0",
            "a range to beyond the end": "bytes=5-99", "a range of all": "bytes=0-9",
            "a range from the end": "bytes=10-", "a range beyond the end": "bytes=99-100",
            "a range that is upside down": "bytes=4-2", "a range of another unit": "lines=1-2",
            "a range without bounds": "bytes=-", "a range without a unit": "1-2",
            "a range of letters": "bytes=a-b", "a range and spaces": "bytes= 2 - 4",
            "a range of huge numbers": "bytes=0-99999999999999999999",
            "a range from a huge number": "bytes=99999999999999999999-",
            "an empty range": "bytes=", "several ranges": "bytes=0-1,4-5",
            "ranges that overlap": "bytes=0-5,2-8", "upper case": "BYTES=2-4",
            "ranges of which one is outside": "bytes=0-1,20-30"}.items():
        yield name, "GET", "/ten.txt", [("Range", value)]
    yield "a range, head", "HEAD", "/ten.txt", [("Range", "bytes=2-4")]
    yield "a range of an empty file", "GET", "/empty.txt", [("Range", "bytes=0-")]
    yield "a suffix of an empty file", "GET", "/empty.txt", [("Range", "bytes=-1")]
    yield "a range of a large file", "GET", "/large.txt", [("Range", "bytes=100000-299999")]
    yield "a range of a missing file", "GET", "/missing", [("Range", "bytes=0-1")]
    for name, value in {"the tag": "ETAG", "another tag": '"x"', "a weak tag": "W/ETAG",
                        "the date": NOW, "an earlier date": BEFORE, "a later date": AFTER,
                        "no date": "x"}.items():
        yield f"if-range, {name}", "GET", "/ten.txt", [("Range", "bytes=2-4"), ("If-Range", value)]
    yield "a range and if-none-match", "GET", "/ten.txt", [("Range", "bytes=2-4"),
                                                          ("If-None-Match", "ETAG")]
    yield "a range and if-match", "GET", "/ten.txt", [("Range", "bytes=2-4"), ("If-Match", "ETAG")]
    for value in ("gzip", "gzip, deflate, br", "gzip;q=0", "gzip;q=0.5", "identity", "deflate", "",
                  "*", "x-gzip", "GZIP", "identity;q=1, gzip;q=0.5", "gzip ; q=0.0"):
        yield f"coding {value or 'none'}", "GET", "/app.js", [("Accept-Encoding", value)]
    coded = ("Accept-Encoding", "gzip")
    yield "coded, head", "HEAD", "/app.js", [coded]
    yield "coded, if-none-match", "GET", "/app.js", [coded, ("If-None-Match", "ETAG")]
    yield "coded, if-modified-since", "GET", "/app.js", [coded, ("If-Modified-Since", NOW)]
    yield "coded, a range", "GET", "/app.js", [coded, ("Range", "bytes=5-9")]
    yield "coded, a suffix", "GET", "/app.js", [coded, ("Range", "bytes=-5")]
    yield "coded, beyond the end", "GET", "/app.js", [coded, ("Range", "bytes=9999-")]
    yield "coded, if-range", "GET", "/app.js", [coded, ("Range", "bytes=5-9"), ("If-Range", "ETAG")]
    yield "coded, none there", "GET", "/style.css", [coded]


def answer_of(port, method, target, fields):
    """What a server says, without what differs between any two."""
    if any("ETAG" in value for _, value in fields):
        coding = [field for field in fields if field[0] == "Accept-Encoding"]
        tag = ask(port, "GET", target, coding)[1].get("etag", "")
        fields = [(name, value.replace("ETAG", tag)) for name, value in fields]
    status, head, body = ask(port, method, target, fields)
    said = {name: head.get(name) for name in SAME}
    if said["content-type"]:
        said["content-type"] = re.sub(r"; charset=utf-8$", "", said["content-type"])
    said["tagged"] = "etag" in head
    if target == "/app.js": # nginx says it only of what it has a variant of
        said["vary"] = "accept-encoding" in head.get("vary", "").lower()
    if status != 200 or said["content-encoding"]: # and this of a whole file alone
        del said["accept-ranges"]
    if status == 304 and HOST == "microhttpd": # a library before 1.0 says 0
        said["content-length"] = None
    if status not in (200, 206, 304):
        said = {name: said[name] for name in ("content-range", "location")}
    return status, said, body if status in (200, 206) else b""


tests = failures = 0


def report(name, good, *notes):
    global tests, failures
    tests += 1
    failures += not good
    print(f"{'' if good else 'not '}ok {tests} - {name}")
    for note in notes:
        print("# " + str(note)[:1000])


def difference(ours, theirs):
    parts = []
    if ours[0] != theirs[0]:
        parts.append(f"{ours[0]}, nginx {theirs[0]}")
    for name in ours[1].keys() & theirs[1].keys():
        if ours[1][name] != theirs[1][name]:
            parts.append(f"{name}: {ours[1][name]}, nginx {theirs[1][name]}")
    if ours[2] != theirs[2]:
        parts.append(f"body of {len(ours[2])} bytes, nginx {len(theirs[2])}")
    return "; ".join(sorted(parts))


def compare(ours, theirs):
    meant = 0
    for name, method, target, fields in cases():
        found = difference(answer_of(ours, method, target, fields),
                           answer_of(theirs, method, target, fields))
        if name in MEANT:
            meant += bool(found)
            report(f"{name}: other than nginx", found, MEANT[name])
        else:
            report(name, not found, *([found] if found else []))
    print(f"# {meant} differences from nginx, all meant" if not failures else "#")


def serve(command):
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    line = process.stdout.readline()
    return process, int(line) if line.strip() else 0


def stop(process):
    process.stdin.close()
    return process.wait(30)


def main():
    with tempfile.TemporaryDirectory() as top:
        folder = os.path.join(top, "public")
        os.mkdir(folder)
        with open(os.path.join(top, "secret"), "wb") as f:
            f.write(b"secret")
        make_folder(folder)
        nginx, theirs = serve([sys.executable, "-B", NGINX, folder])
        if not theirs:
            print("1..0 # SKIP nginx is not here" if stop(nginx) == 77 else "Bail out! nginx")
            return
        site, ours = serve([SITE, HOST, folder])
        try:
            compare(ours, theirs)
        finally:
            left = stop(site)
            stop(nginx)
        report("sacrum ended well", left == 0)
        print(f"1..{tests}")


main()
sys.exit(failures != 0)
