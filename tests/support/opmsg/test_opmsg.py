#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The scripted server answers as it is told. TAP."""
import json
import os
import select
import socket
import struct
import subprocess
import sys
import tempfile
import time

here = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, here)
import bsondoc  # noqa: E402

LSID = {"id": bsondoc.Binary(bytes(range(16)), 4)}
SESSION = {"lsid": LSID, "txnNumber": bsondoc.Int64(1)}


class Opmsg:
    def __init__(self, *options):
        self.log = tempfile.NamedTemporaryFile("r", suffix=".log")
        self.process = subprocess.Popen(
            [sys.executable, os.path.join(here, "opmsg.py"), "--log", self.log.name, *options],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.uri = self.process.stdout.readline().strip()
        self.port = int(self.uri.split(":")[2].split("/")[0])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        assert self.process.wait(5) == 0

    def tell(self, **line):
        self.process.stdin.write(json.dumps(line) + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def lines(self):
        return [json.loads(line) for line in self.log]

    def connect(self):
        return Connection(self.port)


class Connection:
    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), 5)

    def send(self, command, sequences=(), flags=0):
        body = struct.pack("<I", flags) + b"\0" + bsondoc.encode({**command, "$db": "t"})
        for name, docs in sequences:
            items = name.encode() + b"\0" + b"".join(map(bsondoc.encode, docs))
            body += b"\1" + struct.pack("<i", 4 + len(items)) + items
        if flags & 1:
            body += b"crc!"
        self.socket.sendall(struct.pack("<iiii", 16 + len(body), 9, 0, 2013) + body)

    def raw(self):
        """What comes until half a second of silence or the end, and whether it ended."""
        got = b""
        while select.select([self.socket], [], [], 0.5)[0]:
            more = self.socket.recv(65536)
            if not more:
                return got, True
            got += more
            if len(got) >= 4 and len(got) == struct.unpack("<i", got[:4])[0]:
                break
        return got, False

    def receive(self):
        got, _ = self.raw()
        size, _, to, opcode = struct.unpack_from("<iiii", got)
        assert (size, to, opcode) == (len(got), 9, 2013), got
        return bsondoc.decode(got, 21)[0]

    def ask(self, command=None, sequences=(), flags=0, **more):
        self.send({**(command or {}), **more}, sequences, flags)
        return self.receive()


def insert(doc, **more):
    return {"insert": "c", "documents": [doc], **more}


def hello_says_a_primary_of_a_set():
    with Opmsg("--wire", "21") as server:
        reply = server.connect().ask(hello=1)
        assert reply["isWritablePrimary"] and reply["setName"] == "rs0", reply
        assert reply["hosts"] == [f"127.0.0.1:{server.port}"] and reply["maxWireVersion"] == 21
        assert reply["logicalSessionTimeoutMinutes"] == 30
        assert server.tell(do="hello", **{"with": {"isWritablePrimary": False}}) == "ok"
        assert not server.connect().ask(hello=1)["isWritablePrimary"]
        assert server.connect().ask(ismaster=1)["ismaster"] is False


def old_handshake_is_answered():
    with Opmsg("--standalone") as server:
        conn = server.connect()
        query = struct.pack("<i", 0) + b"admin.$cmd\0" + struct.pack("<ii", 0, -1)
        query += bsondoc.encode({"isMaster": 1})
        conn.socket.sendall(struct.pack("<iiii", 16 + len(query), 9, 0, 2004) + query)
        got, _ = conn.raw()
        assert struct.unpack_from("<iiii", got)[2:] == (9, 1)
        reply = bsondoc.decode(got, 36)[0]
        assert reply["ismaster"] and "setName" not in reply


def documents_are_kept():
    with Opmsg() as server:
        conn = server.connect()
        doc = {"_id": 1, "l": bsondoc.Int64(5), "f": 1.5, "d": bsondoc.Date(7), "a": [None, True],
               "b": bsondoc.Binary(b"xy", 2), "r": bsondoc.Raw(0x13, bytes(16))}
        assert conn.ask({"insert": "c"}, [("documents", [doc])])["n"] == 1
        assert conn.ask(insert(doc))["writeErrors"][0]["code"] == 11000
        assert conn.ask(find="c", filter={"_id": 1})["cursor"]["firstBatch"] == [doc]
        assert conn.ask(find="c", filter={"_id": 2})["cursor"]["firstBatch"] == []
        change = {"q": {"_id": 1, "f": 1.5}, "u": {"$inc": {"l": 1}}}
        assert conn.ask(update="c", updates=[change])["nModified"] == 1
        reply = conn.ask(findAndModify="c", query={"_id": 1}, update={"v": 2}, new=True, flags=1)
        assert reply["value"] == {"_id": 1, "v": 2}, reply
        assert conn.ask(count="c")["n"] == 1
        assert conn.ask(delete="c", deletes=[{"q": {"_id": 1}, "limit": 1}])["n"] == 1
        assert conn.ask(count="c")["n"] == 0
        change = {"q": {}, "u": [{"$set": {}}], "upsert": True}
        assert conn.ask(update="c", updates=[change])["writeErrors"]
        assert conn.ask(nonsense=1)["code"] == 59


def cursors_go_on_and_are_lost():
    with Opmsg() as server:
        conn = server.connect()
        conn.ask(insert="c", documents=[{"_id": i} for i in range(5)])
        cursor = conn.ask(find="c", filter={}, batchSize=2, sort={"_id": -1})["cursor"]
        assert [doc["_id"] for doc in cursor["firstBatch"]] == [4, 3] and cursor["id"]
        more = conn.ask(getMore=cursor["id"], collection="c")["cursor"]
        assert [doc["_id"] for doc in more["nextBatch"]] == [2, 1, 0] and not more["id"]
        assert conn.ask(getMore=cursor["id"], collection="c")["code"] == 43


def unique_indexes_hold():
    with Opmsg() as server:
        conn = server.connect()
        index = {"key": {"a": 1}, "name": "a", "unique": True, "partialFilterExpression": {"p": 1}}
        assert conn.ask(createIndexes="c", indexes=[index])["numIndexesAfter"] == 2
        assert conn.ask(insert({"_id": 1, "a": 1, "p": 1}))["n"] == 1
        assert conn.ask(insert({"_id": 2, "a": 1, "p": 2}))["n"] == 1
        error = conn.ask(insert({"_id": 3, "a": 1, "p": 1}))["writeErrors"][0]
        assert error["keyPattern"] == {"a": 1} and error["keyValue"] == {"a": 1}
        names = conn.ask(listIndexes="c")["cursor"]["firstBatch"]
        assert [index["name"] for index in names] == ["_id_", "a"]


def retried_writes_happen_once():
    with Opmsg() as server:
        conn = server.connect()
        conn.ask(insert({"_id": 1, "v": 1}))
        server.tell(on="update", close="before", run=True)
        change = {"update": "c", "updates": [{"q": {"_id": 1}, "u": {"$inc": {"v": 1}}}], **SESSION}
        conn.send(change)
        assert conn.raw() == (b"", True)
        conn = server.connect()
        assert conn.ask(change)["nModified"] == 1
        assert conn.ask(find="c", filter={})["cursor"]["firstBatch"] == [{"_id": 1, "v": 2}]


def transactions_commit_and_abort():
    with Opmsg() as server:
        conn = server.connect()
        inside = {**SESSION, "autocommit": False}
        assert conn.ask(insert({"_id": 1}, startTransaction=True, **inside))["n"] == 1
        assert conn.ask(count="c")["n"] == 0
        assert conn.ask(commitTransaction=1, **inside)["ok"] == 1
        assert conn.ask(count="c")["n"] == 1
        inside["txnNumber"] = bsondoc.Int64(2)
        conn.ask(insert({"_id": 2}, startTransaction=True, **inside))
        assert conn.ask(abortTransaction=1, **inside)["ok"] == 1
        assert conn.ask(insert({"_id": 3}, **inside))["code"] == 251
        assert conn.ask(count="c")["n"] == 1
        inside["txnNumber"] = bsondoc.Int64(3)
        conn.ask(find="c", filter={}, startTransaction=True, **inside)
        conn.ask(update="c", updates=[{"q": {"_id": 1}, "u": {"v": 1}}])
        reply = conn.ask(update="c", updates=[{"q": {"_id": 1}, "u": {"v": 2}}], **inside)
        assert reply["code"] == 112 and "TransientTransactionError" in reply["errorLabels"]
        log = [line for line in server.lines() if line["cmd"].endswith("Transaction")]
        assert [line["cmd"] for line in log] == ["commitTransaction", "abortTransaction"]
        assert log[0]["txn"] == 1 and log[0]["transaction"] and log[0]["lsid"] == LSID["id"].hex()


def no_transactions_alone():
    with Opmsg("--standalone") as server:
        assert server.connect().ask(insert({"_id": 1}, **SESSION))["code"] == 20


def errors_as_told():
    with Opmsg() as server:
        conn = server.connect()
        error = {"code": 10107, "name": "NotWritablePrimary", "labels": ["RetryableWriteError"]}
        assert server.tell(on="insert", error=error, skip=1, times=2) == "ok"
        codes = [conn.ask(insert({"_id": i})).get("code") for i in range(4)]
        assert codes == [None, 10107, 10107, None]
        assert conn.ask(count="c")["n"] == 2
        server.tell(on="insert", writeError={"code": 11000, "keyPattern": {"a": 1}})
        assert conn.ask(insert({"_id": 9}))["writeErrors"][0]["keyPattern"] == {"a": 1}
        server.tell(on="insert", writeConcernError={"code": 64})
        assert conn.ask(insert({"_id": 9}))["writeConcernError"]["code"] == 64
        server.tell(on="*", has={"comment": "x"}, reply={"ok": 1.0, "mine": {"$oid": "00" * 12}})
        assert "mine" not in conn.ask(count="c")
        assert conn.ask(count="c", comment="x")["mine"] == bsondoc.ObjectId(bytes(12))
        server.tell(on="count", error={"code": 11600}, times=0)
        assert conn.ask(count="c")["code"] == conn.ask(count="c")["code"] == 11600
        server.tell(do="clear")
        assert conn.ask(count="c")["n"] == 3
        assert server.tell(do="count", cmd="insert") == "ok 6"
        assert server.tell(on="insert", wrong=1).startswith("error")


def time_passes_as_told():
    with Opmsg() as server:
        conn = server.connect()
        server.tell(on="ping", delay=0.2)
        start = time.monotonic()
        assert conn.ask(ping=1)["ok"] == 1 and time.monotonic() - start >= 0.2
        server.tell(on="find", work=30)
        assert conn.ask(find="c", filter={}, maxTimeMS=100)["code"] == 50


def connections_break_as_told():
    with Opmsg() as server:
        for how in ("before", "middle", "after"):
            conn = server.connect()
            server.tell(on="ping", close=how)
            conn.send({"ping": 1})
            got, end = conn.raw()
            size = struct.unpack("<i", got[:4])[0] if got else 0
            seen = "before" if not got else "middle" if len(got) < size else "after"
            assert seen == how, (how, got)
            assert end or conn.socket.recv(1) == b""
        conn = server.connect()
        server.tell(on="ping", hang=True)
        conn.send({"ping": 1})
        got, end = conn.raw()
        assert got and not end
        conn = server.connect()
        conn.ask(ping=1)
        server.tell(do="drop")
        assert conn.socket.recv(1) == b""
        server.tell(do="refuse", **{"for": 0.3})
        assert server.connect().socket.recv(1) == b""
        time.sleep(0.3)
        assert server.connect().ask(ping=1)["ok"] == 1


def answers_are_wrong_as_told():
    with Opmsg() as server:
        for how in ("bson", "short", "long", "huge", "negative", "responseTo", "opcode", "section",
                    "flags", "garbage"):
            conn = server.connect()
            server.tell(on="ping", damage=how)
            conn.send({"ping": 1})
            got, _ = conn.raw()
            size, _, to, opcode, flags = struct.unpack_from("<iiiiI", got)
            try:
                bsondoc.decode(got, 21)
                readable = True
            except (ValueError, IndexError, struct.error):
                readable = False
            wrong = (size != len(got), to != 9, opcode != 2013, flags != 0, got[20] != 0,
                     not readable)
            assert any(wrong) or how == "garbage", how


def nothing_is_answered_where_none_is_wanted():
    with Opmsg() as server:
        conn = server.connect()
        conn.send(insert({"_id": 1}), flags=2)
        assert conn.ask(count="c")["n"] == 1


tests = [fn for fn in list(globals().values())
         if getattr(fn, "__module__", "") == "__main__" and callable(fn)
         and fn not in (Opmsg, Connection, insert)]
bad = 0
for i, test in enumerate(tests, 1):
    try:
        test()
        print(f"ok {i} - {test.__name__}", flush=True)
    except Exception as e:
        bad += 1
        print(f"not ok {i} - {test.__name__}\n# {type(e).__name__}: {e}", flush=True)
print(f"1..{len(tests)}")
sys.exit(bad > 0)
