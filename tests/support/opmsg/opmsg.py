#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A scripted server that speaks MongoDB's protocol on loopback, for faults no real one makes
on command, and for sessions, retried writes and transactions, which the other test servers
have not.

  opmsg.py [--port N] [--log FILE] [--script FILE] [--standalone] [--wire N]

It prints its URI in one line and ends when stdin does. Unless --standalone it says it is the
primary of a replica set of one, of maximal wire version --wire (17 if not given). Behind it are
collections in memory (data.py). Every command is a line of JSON in the log, before its answer:
  {"n": 1, "conn": 1, "cmd": "insert", "body": {...}, "lsid": hex, "txn": 1, "transaction": true,
   "ruled": true, "ok": 1, "code": 11000}
where lsid, txn, transaction (autocommit: false), ruled and code are there when they hold.

Rules say what else to answer. They come in the script, a JSON list, or as lines of JSON on
stdin, each answered "ok" or "error ..." on stdout. The first that fits and has times left:
  "on"     name of a command, "*" for all but hello
  "has"    fields the command must have, with these values or null for any
  "skip"   so many that fit go by first (0)
  "times"  how often (1); 0 is for ever
and what it does:
  "error"             {"code": 10107, "name": "NotWritablePrimary", "labels": [...], ...}
  "writeError"        {"code": 11000, "keyPattern": {...}, ...}: in writeErrors, nothing written
  "writeConcernError" {"code": 64, ...}: beside the result, which stands
  "reply"             a whole reply, in place of the result
  "merge"             fields put over the reply
  "run"               true: the command takes effect before the error or reply that hides it
  "delay"             seconds before the answer, as a slow network has
  "work"              seconds of work: over the command's maxTimeMS error 50 is answered
  "close"             "before" (nothing takes effect unless run), "middle" or "after" the answer
  "hang"              true: half of the answer, and the connection stays open
  "damage"            "bson", "short", "long", "huge", "negative", "responseTo", "opcode",
                      "section", "flags" or "garbage": the answer is wrong in this way
Other lines on stdin:
  {"do": "hello", "with": {...}}   from now on hello says this, e.g. {"isWritablePrimary": false}
  {"do": "clear"}                  forget the rules
  {"do": "drop"}                   close all connections
  {"do": "refuse", "for": 1.5}     and take none for so long
  {"do": "count", "cmd": "insert"} answers "ok N": how many came so far
"""
import argparse
import json
import os
import socket
import struct
import sys
import threading
import time

sys.dont_write_bytecode = True

import bsondoc  # noqa: E402
import data  # noqa: E402

HELLOS = ("hello", "ismaster", "isMaster")
OP_REPLY, OP_QUERY, OP_MSG = 1, 2004, 2013
MORE_TO_COME = 2


class Closed(Exception):
    pass


class Rule:
    def __init__(self, spec):
        unknown = set(spec) - {
            "on", "has", "skip", "times", "error", "writeError", "writeConcernError", "reply",
            "merge", "run", "delay", "work", "close", "hang", "damage"}
        if unknown or "on" not in spec:
            raise ValueError(f"rule: {unknown or 'no on'}")
        self.spec = bsondoc.from_plain(spec)
        self.skip, self.left = spec.get("skip", 0), spec.get("times", 1) or float("inf")

    def takes(self, name, command):
        on = self.spec["on"]
        if on != name and not (on == "*" and name not in HELLOS):
            return False
        for field, value in self.spec.get("has", {}).items():
            if field not in command or value is not None and command[field] != value:
                return False
        if self.skip:
            self.skip -= 1
            return False
        self.left -= 1
        return True


class Server:
    def __init__(self, options):
        self.options = options
        self.data = data.Data()
        self.lock = threading.Lock()
        self.rules, self.connections, self.seen = [], {}, {}
        self.hello_says, self.refuse_until = {}, 0
        self.commands = self.accepted = 0
        self.log = open(options.log, "a", buffering=1) if options.log else None
        self.listener = socket.create_server(("127.0.0.1", options.port), backlog=128)
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        if options.script:
            with open(options.script) as script:
                self.rules = [Rule(spec) for spec in json.load(script)]

    def accept(self):
        while True:
            conn, _ = self.listener.accept()
            if time.monotonic() < self.refuse_until:
                conn.close()
                continue
            with self.lock:
                self.accepted += 1
                number = self.accepted
                self.connections[number] = conn
            conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self.serve, args=(conn, number), daemon=True).start()

    def serve(self, conn, number):
        try:
            while True:
                self.one(conn, number)
        except (Closed, OSError, ValueError, struct.error):
            pass
        with self.lock:
            self.connections.pop(number, None)
        conn.close()

    # One command

    def one(self, conn, number):
        size, request, _, opcode = struct.unpack("<iiii", read(conn, 16))
        if not 16 <= size <= 48_000_000:
            raise ValueError("length")
        command, no_reply = parse(opcode, read(conn, size - 16))
        name = next(iter(command))
        rule = self.rule_for(name, command)
        reply = self.answer(name, command, rule, number)
        if rule.get("close") == "before":
            raise Closed
        if not no_reply:
            send(conn, frame(opcode, request, reply, rule), rule)

    def rule_for(self, name, command):
        with self.lock:
            for rule in self.rules:
                if rule.left > 0 and rule.takes(name, command):
                    return rule.spec
        return {}

    def answer(self, name, command, rule, number):
        reply = None
        replaced = "error" in rule or "reply" in rule or "writeError" in rule \
            or rule.get("close") == "before"
        limit, work = command.get("maxTimeMS", 0) / 1000, rule.get("work", 0)
        if limit and work > limit:
            replaced, rule = True, {**rule, "work": limit, "error": {
                "code": 50, "name": "MaxTimeMSExpired", "message": "operation exceeded time limit"}}
        if not replaced or rule.get("run"):
            reply = self.run(name, command)
        if replaced:
            reply = scripted(rule)
        if "writeConcernError" in rule:
            reply["writeConcernError"] = {"errmsg": "scripted", **rule["writeConcernError"]}
        reply.update(rule.get("merge", {}))
        if not self.options.standalone and "ok" in reply:
            reply.setdefault("operationTime", data.timestamp())
        self.write_log(name, command, reply, bool(rule), number)
        time.sleep(rule.get("delay", 0) + rule.get("work", 0))
        return reply

    def run(self, name, command):
        try:
            if name in HELLOS:
                return self.hello(name)
            return dict(self.data.run(name, command, not self.options.standalone))
        except data.Failure as failure:
            return dict(failure.reply)
        except (KeyError, TypeError, AttributeError, ValueError) as e:
            return dict(data.Failure(9, "FailedToParse", f"{name}: {e!r}").reply)

    def hello(self, name):
        reply = {
            "isWritablePrimary" if name == "hello" else "ismaster": True,
            "helloOk": True,
            "maxBsonObjectSize": 16777216,
            "maxMessageSizeBytes": 48000000,
            "maxWriteBatchSize": 100000,
            "localTime": data.now(),
            "connectionId": 1,
            "minWireVersion": 0,
            "maxWireVersion": self.options.wire,
            "readOnly": False,
        }
        if not self.options.standalone:
            reply.update({
                "setName": "rs0", "setVersion": 1, "secondary": False,
                "hosts": [self.address], "primary": self.address, "me": self.address,
                "electionId": bsondoc.ObjectId(bytes(11) + b"\1"),
                "logicalSessionTimeoutMinutes": 30,
            })
        says = dict(self.hello_says)
        if name != "hello" and "isWritablePrimary" in says:
            says["ismaster"] = says.pop("isWritablePrimary")
        return {**reply, **says, "ok": 1.0}

    def write_log(self, name, command, reply, ruled, number):
        with self.lock:
            self.commands += 1
            self.seen[name] = self.seen.get(name, 0) + 1
            if not self.log:
                return
            line = {"n": self.commands, "conn": number, "cmd": name,
                    "body": bsondoc.plain(command)}
            if "lsid" in command:
                line["lsid"] = bytes(command["lsid"].get("id", b"")).hex()
            if "txnNumber" in command:
                line["txn"] = command["txnNumber"]
            if command.get("autocommit") is False:
                line["transaction"] = True
            if ruled:
                line["ruled"] = True
            line["ok"] = int(reply.get("ok", 0))
            errors = reply.get("writeErrors") or [reply]
            if "code" in errors[0]:
                line["code"] = errors[0]["code"]
            self.log.write(json.dumps(line) + "\n")

    # Lines on stdin

    def tell(self, text):
        line = json.loads(text)
        what = line.get("do")
        if what is None:
            rule = Rule(line)
            with self.lock:
                self.rules.append(rule)
            return "ok"
        if what == "hello":
            self.hello_says = bsondoc.from_plain(line["with"])
        elif what == "clear":
            with self.lock:
                self.rules.clear()
        elif what == "drop" or what == "refuse":
            self.refuse_until = time.monotonic() + line.get("for", 0)
            self.drop()
        elif what == "count":
            return f"ok {self.seen.get(line['cmd'], 0)}"
        else:
            raise ValueError(f"do: {what}")
        return "ok"

    def drop(self):
        with self.lock:
            open_now = list(self.connections.values())
        for conn in open_now:
            try:
                conn.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


def scripted(rule):
    if "reply" in rule:
        return dict(rule["reply"])
    if "writeError" in rule:
        return {"n": 0, "ok": 1.0,
                "writeErrors": [{"index": 0, "errmsg": "scripted", **rule["writeError"]}]}
    error = dict(rule.get("error", {}))
    reply = {"ok": 0.0, "errmsg": error.pop("message", "scripted"), "code": error.pop("code", 8),
             "codeName": error.pop("name", "UnknownError")}
    labels = error.pop("labels", None)
    return {**reply, **({"errorLabels": labels} if labels else {}), **error}


# The wire


def read(conn, n):
    got = b""
    while len(got) < n:
        more = conn.recv(min(n - len(got), 1 << 20))
        if not more:
            raise Closed
        got += more
    return got


def parse(opcode, body):
    """The command, and whether no reply is wanted."""
    if opcode == OP_QUERY:
        end = body.index(0, 4) + 1
        command, _ = bsondoc.decode(body, end + 8)
        return command.get("$query", command), False
    if opcode != OP_MSG:
        raise ValueError("opcode")
    (flags,) = struct.unpack_from("<I", body)
    if flags & 1:
        body = body[:-4]
    at, command, lists = 4, {}, {}
    while at < len(body):
        if body[at] == 0:
            command, at = bsondoc.decode(body, at + 1)
            continue
        (size,) = struct.unpack_from("<i", body, at + 1)
        end, stop = body.index(0, at + 5), at + 1 + size
        items, at = [], end + 1
        name = body[stop - size + 4 : end].decode()
        while at < stop:
            doc, at = bsondoc.decode(body, at)
            items.append(doc)
        lists[name] = items
    return {**command, **lists}, bool(flags & MORE_TO_COME)


def frame(opcode, request, reply, rule):
    """The bytes of a reply, right or wrong as the rule has it."""
    damage = rule.get("damage")
    body = bytearray(bsondoc.encode(reply))
    if damage == "bson":
        body[4] = 0x7E
    elif damage == "garbage":
        body[4:-1] = os.urandom(len(body) - 5)
    flags = 1 << 3 if damage == "flags" else 0
    if opcode == OP_QUERY:
        head, answer = struct.pack("<iqii", 8, 0, 0, 1), OP_REPLY
    else:
        head, answer = struct.pack("<IB", flags, 9 if damage == "section" else 0), OP_MSG
    size = 16 + len(head) + len(body)
    size = {"short": 20, "long": size + 100, "huge": 0x7FFFFFF0, "negative": -5}.get(damage, size)
    return struct.pack("<iiii", size, 1, request + 7 if damage == "responseTo" else request,
                       4321 if damage == "opcode" else answer) + head + bytes(body)


def send(conn, message, rule):
    if rule.get("close") == "middle" or rule.get("hang"):
        conn.sendall(message[: len(message) // 2])
        if rule.get("hang"):
            conn.recv(1)  # until the client gives up
        raise Closed
    conn.sendall(message)
    if rule.get("close") == "after":
        raise Closed


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--port", type=int, default=0)
    options.add_argument("--log")
    options.add_argument("--script")
    options.add_argument("--standalone", action="store_true")
    options.add_argument("--wire", type=int, default=17)
    server = Server(options.parse_args())
    threading.Thread(target=server.accept, daemon=True).start()
    more = "" if server.options.standalone else "?replicaSet=rs0"
    print(f"mongodb://{server.address}/{more}", flush=True)
    for line in sys.stdin:
        try:
            said = server.tell(line)
        except (ValueError, KeyError, TypeError) as e:
            said = f"error {e}"
        print(said, flush=True)
    os._exit(0)


if __name__ == "__main__":
    main()
