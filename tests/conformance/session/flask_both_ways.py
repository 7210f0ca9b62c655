#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Sessions that Flask and sacrum hand to each other: what one writes, the other
reads as the same, and writes again in the same bytes. Prints TAP."""

import base64
import datetime
import json
import os
import random
import subprocess
import sys
import uuid
import zlib

try:
    import flask
except ImportError:
    if len(sys.argv) > 1 and os.path.realpath(sys.executable) != os.path.realpath("/usr/bin/python3"):
        os.execv("/usr/bin/python3", ["/usr/bin/python3"] + sys.argv)  # where Debian's Flask is
    print("1..0 # SKIP there is no python3-flask")
    sys.exit(0)
from flask.sessions import SecureCookieSessionInterface
from markupsafe import Markup

KEYS = ["the newest key, of 26 bytes", "an older key, of 25 bytes"]
CASES = int(os.environ.get("SACRUM_TEST_SESSIONS", "400"))
UTC = datetime.timezone.utc


class Program:
    def __init__(self, path):
        self.process = subprocess.Popen([path] + KEYS, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        encoding="utf-8")

    def ask(self, method, target, cookie=None, body=None):
        self.process.stdin.write("\t".join([method, target, cookie or "-", body or "-"]) + "\n")
        self.process.stdin.flush()
        status, header, text = self.process.stdout.readline().rstrip("\n").split("\t")
        value = None if header == "-" else header.split(";")[0].split("=", 1)[1]
        return int(status), value, text


def serializer(key):
    app = flask.Flask("test")
    app.secret_key = key
    made = SecureCookieSessionInterface().get_signing_serializer(app)
    return app, made


APPS = [serializer(key) for key in KEYS]


@APPS[0][0].route("/messages")
def messages():
    return flask.jsonify(flask.get_flashed_messages(with_categories=True))


@APPS[0][0].route("/count")
def count():
    flask.session["n"] = flask.session.get("n", 0) + 1
    return str(flask.session["n"])


def flask_get(path, cookie):
    client = APPS[0][0].test_client(use_cookies=False)
    return client.get(path, headers={"Cookie": f"session={cookie}"})


def flask_dumps(session, which=0):
    app, made = APPS[which]
    with app.app_context():
        return made.dumps(session)


def flask_loads(cookie):
    app, made = APPS[0]
    with app.app_context():
        return made.loads(cookie, max_age=60)


def payload(cookie):
    text = cookie.rsplit(".", 2)[0]
    packed = text.startswith(".")
    raw = base64.urlsafe_b64decode(text.lstrip(".") + "==="[: -len(text.lstrip(".")) % 4])
    return packed, zlib.decompress(raw) if packed else raw


# Sessions as programs make them, and worse.

def text(rng):
    kinds = ["abc XYZ 019", "\"\\/\b\f\n\r\t", "\x00\x01\x1f\x7f", "éßÿ", "\u2028\u2029\ufeff\uffff", "😀\U0010ffff",
             "<script>&'", " t", "__", " di"]
    return "".join(rng.choice(rng.choice(kinds)) for _ in range(rng.choice([0, 1, 3, 8, 30])))


def key(rng):
    if rng.random() < 0.15:
        return rng.choice([" t", " b", " m", " u", " d", " di", " t__", "a__", "__", " di__", " "])
    return text(rng).replace("\x00", "0")


def number(rng):
    kind = rng.randrange(7)
    if kind == 0:
        return rng.choice([0, 1, -1, 2**31 - 1, 2**31, -2**31, -2**31 - 1, 2**53 + 1, 2**63 - 1, -2**63])
    if kind == 1:
        return rng.choice([2**63, -2**63 - 1, 10**40, -10**300, 123456789012345678901234567890])
    if kind == 2:
        return rng.randrange(-10**6, 10**6)
    if kind == 3:
        return rng.choice([0.0, -0.0, 1e16, 1e15, 9999999999999998.0, 1e-4, 1e-5, 123456789.125, 1.5, 5e-324,
                           1.7976931348623157e308, 1e22, 1e23, 0.1, 2.5e-7, float("inf"), float("-inf")])
    if kind == 4:
        return rng.uniform(-1e6, 1e6)
    if kind == 5:
        return float(rng.randrange(10**15, 10**18))
    import struct
    value = struct.unpack("<d", rng.randbytes(8))[0]
    return value if value == value else 1.0


def moment(rng):
    # Flask itself reads the years before 100 as others.
    return datetime.datetime(rng.randrange(100, 10000), rng.randrange(1, 13), rng.randrange(1, 29), rng.randrange(24),
                             rng.randrange(60), rng.randrange(60), tzinfo=UTC)


def value(rng, depth=0):
    kind = rng.randrange(14 if depth < 4 else 10)
    if kind < 2:
        return text(rng)
    if kind < 4:
        return number(rng)
    if kind == 4:
        return rng.choice([True, False, None])
    if kind == 5:
        return rng.randbytes(rng.choice([0, 1, 2, 3, 16, 100]))
    if kind == 6:
        return uuid.UUID(bytes=rng.randbytes(16))
    if kind == 7:
        return moment(rng)
    if kind == 8:
        return Markup(text(rng))
    if kind == 9:
        return rng.choice([[], (), {}, {" t": 1}, {" b": "x"}, {" di": {" t__": 2}}, {" m": Markup("y")}])
    if kind == 10:
        return [value(rng, depth + 1) for _ in range(rng.randrange(5))]
    if kind == 11:
        return tuple(value(rng, depth + 1) for _ in range(rng.randrange(5)))
    return {key(rng): value(rng, depth + 1) for _ in range(rng.choice([0, 1, 1, 2, 5]))}


def session(rng):
    made = {key(rng): value(rng) for _ in range(rng.choice([1, 1, 2, 3, 8]))}
    if rng.random() < 0.2:
        made["_flashes"] = [("message", text(rng)), ("error", Markup("<b>"))]
    if rng.random() < 0.2:
        made["_permanent"] = True
    return made


# What Extended JSON says, for a value of Flask's: the table of docs/reference/session.md.

def extended(v):
    if isinstance(v, bool) or v is None:
        return v
    if isinstance(v, int):
        if -2**31 <= v < 2**31:
            return {"$numberInt": str(v)}
        if -2**63 <= v < 2**63:
            return {"$numberLong": str(v)}
        return binary(str(v).encode(), "80")
    if isinstance(v, float):
        return {"$numberDouble": v}
    if isinstance(v, Markup):
        return {" m": str(v)}
    if isinstance(v, str):
        return v
    if isinstance(v, bytes):
        return binary(v, "00")
    if isinstance(v, uuid.UUID):
        return binary(v.bytes, "04")
    if isinstance(v, datetime.datetime):
        ms = (v - datetime.datetime(1970, 1, 1, tzinfo=UTC)) // datetime.timedelta(milliseconds=1)
        return {"$date": {"$numberLong": str(ms)}}
    if isinstance(v, tuple):
        return {" t": [extended(x) for x in v]}
    if isinstance(v, list):
        return [extended(x) for x in v]
    made = {k: extended(x) for k, x in v.items()}
    if len(v) == 1:
        (name, inner), = v.items()
        # A dict that BSON would read as a tuple, as Markup or as an escaped dict stays escaped.
        looks = {" t": isinstance(inner, list), " m": isinstance(inner, str) and not isinstance(inner, Markup),
                 " di": isinstance(made[name], dict) and len(made[name]) == 1 and not list(made[name])[0].startswith("$")
                        and list(made[name])[0].endswith("__")}
        if looks.get(name):
            return {" di": {name + "__": made[name]}}
    return made


def binary(data, subtype):
    return {"$binary": {"base64": base64.b64encode(data).decode(), "subType": subtype}}


def same(a, b):
    """Equal in type and value; floats by their bits."""
    if isinstance(a, dict) and isinstance(b, dict):
        if set(a) == {"$numberDouble"} == set(b):
            x, y = (float(n["$numberDouble"]) for n in (a, b))
            return repr(x) == repr(y)
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, (list, tuple)) and type(a) is type(b):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b))
    return type(a) is type(b) and repr(a) == repr(b)


class Tests:
    def __init__(self):
        self.n = 0
        self.failed = 0

    def ok(self, good, name, why=""):
        self.n += 1
        self.failed += not good
        print(("ok" if good else "not ok") + f" {self.n} - {name}")
        if not good:
            print("# " + why.replace("\n", "\n# ")[:2000])


def from_flask(program, rng):
    """Flask's are read as what they are, and written again in the same bytes."""
    for i in range(CASES):
        made = session(rng)
        cookie = flask_dumps(made, i % 2)
        if len(cookie) > 15000:
            continue
        status, _, text_ = program.ask("GET", "/session", cookie)
        if status != 200 or not same(json.loads(text_), {k: extended(v) for k, v in made.items()}):
            return f"{made!r}\n{cookie}\nread as {text_}"
        status, again, _ = program.ask("PATCH", "/session", cookie)
        if status != 200 or again is None:
            return f"{made!r}\n{cookie}\nwas not written again"
        if payload(again) != payload(cookie):
            return f"{made!r}\n{payload(cookie)}\nbecame {payload(again)}"
        if not same(flask_loads(again), made):
            return f"{made!r}\n{cookie}\nFlask reads {flask_loads(again)!r}"
    return None


def from_sacrum(program, rng):
    """Sacrum's are read by Flask as the same values, and written again by it in the same bytes."""
    for _ in range(CASES):
        made = {k: v for k, v in session(rng).items() if not k.startswith("_")}
        if not made or len(made) == 1 and list(made)[0].startswith(" "):
            continue
        body = json.dumps({k: extended(v) for k, v in made.items()}, ensure_ascii=False)
        body = doubles(body)
        status, cookie, text_ = program.ask("PUT", "/session", None, body)
        if status != 200 or cookie is None:
            return f"{made!r}\n{body}\nanswered {status} {text_}"
        got = flask_loads(cookie)
        if not same(got, made):
            return f"{made!r}\nFlask reads {got!r}"
        if payload(flask_dumps(got)) != payload(cookie):
            return f"{made!r}\nFlask makes {payload(flask_dumps(got))} of {payload(cookie)}"
    return None


def doubles(body):
    """Extended JSON has doubles as text."""
    def fix(v):
        if isinstance(v, dict):
            if set(v) == {"$numberDouble"}:
                x = v["$numberDouble"]
                return {"$numberDouble": {"inf": "Infinity", "-inf": "-Infinity"}.get(repr(x), repr(x))}
            return {k: fix(x) for k, x in v.items()}
        return [fix(x) for x in v] if isinstance(v, list) else v
    return json.dumps(fix(json.loads(body)), ensure_ascii=False)


def flashes(program):
    status, cookie, _ = program.ask("POST", "/flash")
    got = flask_get("/messages", cookie)
    if status != 200 or got.get_json() != [["warning", "café"]]:
        return f"Flask was flashed {got.data!r}"
    made = flask_dumps({"_flashes": [("error", Markup("<i>")), ["note", "x"]]})
    status, again, text_ = program.ask("GET", "/flash", made)
    want = {"0": {"category": "error", "message": "<i>"}, "1": {"category": "note", "message": "x"}}
    if status != 200 or json.loads(text_) not in (want, list(want.values())) or again != "":
        return f"sacrum was flashed {text_} {again}"
    return None


def through_http(program):
    """A request of a real Flask app goes on where sacrum's left off, and back."""
    cookie = program.ask("PUT", "/session", None, '{"n": {"$numberInt": "41"}}')[1]
    got = flask_get("/count", cookie)
    back = got.headers["Set-Cookie"].split(";")[0].split("=", 1)[1]
    text_ = program.ask("GET", "/session", back)[2]
    return None if got.data == b"42" and json.loads(text_) == {"n": {"$numberInt": "42"}} else f"{got.data} {text_}"


def main():
    seed = int(os.environ.get("SACRUM_TEST_SEED", random.randrange(2**32)))
    rng = random.Random(seed)
    program = Program(sys.argv[1])
    tests = Tests()
    from importlib.metadata import version
    print("1..4")
    print(f"# Flask {version('flask')}, seed {seed}, {CASES} sessions each way")
    for name, run in [("flask writes, sacrum reads and writes again", lambda: from_flask(program, rng)),
                      ("sacrum writes, Flask reads and writes again", lambda: from_sacrum(program, rng)),
                      ("messages are flashed both ways", lambda: flashes(program)),
                      ("one session through both apps", lambda: through_http(program))]:
        why = run()
        tests.ok(why is None, name, why or "")
    program.process.stdin.close()
    tests.failed += program.process.wait() != 0
    return tests.failed != 0


if __name__ == "__main__":
    sys.exit(main())
