# SPDX-License-Identifier: MIT
"""What the scripted server keeps: collections in memory, transactions, retried writes.

Good enough for a store that reads and writes by id; not a query engine. Filters know equality,
$eq $ne $gt $gte $lt $lte $in $nin $exists $and $or $nor, on fields and dotted paths through
documents; updates $set $unset $inc $setOnInsert or a whole document; the rest is an error.
"""
import os
import threading
import time

from bsondoc import Date, Int64, ObjectId, Raw, key

MISSING = object()
TRANSIENT = ["TransientTransactionError"]


class Failure(Exception):
    def __init__(self, code, name, text, **more):
        super().__init__(text)
        self.reply = {"ok": 0.0, "errmsg": text, "code": code, "codeName": name, **more}


def unsupported(what):
    return Failure(2, "BadValue", f"this server does not know {what}")


def at_path(doc, path):
    for part in path.split("."):
        if not isinstance(doc, dict) or part not in doc:
            return MISSING
        doc = doc[part]
    return doc


def set_path(doc, path, value):
    *parents, last = path.split(".")
    for part in parents:
        doc[part] = dict(doc.get(part, {}))
        doc = doc[part]
    if value is MISSING:
        doc.pop(last, None)
    else:
        doc[last] = value


def _equal(value, wanted):
    if value is MISSING:
        return wanted is None
    return key(value) == key(wanted) or (
        isinstance(value, list) and any(key(item) == key(wanted) for item in value))


def _ordered(value, wanted):
    return value is not MISSING and key(value)[0] == key(wanted)[0]


def _type(value):
    """The number of a type, as far as documents of tests have them."""
    kinds = ((bool, 8), (float, 1), (str, 2), (dict, 3), (list, 4), (int, 16))
    return next((number for kind, number in kinds if isinstance(value, kind)), None)


OPERATORS = {
    "$eq": _equal,
    "$ne": lambda value, wanted: not _equal(value, wanted),
    "$gt": lambda value, wanted: _ordered(value, wanted) and key(value) > key(wanted),
    "$gte": lambda value, wanted: _ordered(value, wanted) and key(value) >= key(wanted),
    "$lt": lambda value, wanted: _ordered(value, wanted) and key(value) < key(wanted),
    "$lte": lambda value, wanted: _ordered(value, wanted) and key(value) <= key(wanted),
    "$in": lambda value, wanted: any(_equal(value, item) for item in wanted),
    "$nin": lambda value, wanted: not any(_equal(value, item) for item in wanted),
    "$exists": lambda value, wanted: (value is not MISSING) == bool(wanted),
    "$type": lambda value, wanted: _type(value) in (wanted if isinstance(wanted, list) else [wanted]),
}


def matches(doc, query):
    for name, wanted in query.items():
        if name == "$and":
            good = all(matches(doc, part) for part in wanted)
        elif name == "$or":
            good = any(matches(doc, part) for part in wanted)
        elif name == "$nor":
            good = not any(matches(doc, part) for part in wanted)
        elif name == "$comment":
            good = True
        elif name.startswith("$"):
            raise unsupported(name)
        elif isinstance(wanted, dict) and next(iter(wanted), "").startswith("$"):
            for operator in wanted:
                if operator not in OPERATORS:
                    raise unsupported(operator)
            good = all(OPERATORS[op](at_path(doc, name), arg) for op, arg in wanted.items())
        else:
            good = _equal(at_path(doc, name), wanted)
        if not good:
            return False
    return True


def project(doc, fields):
    if not fields:
        return doc
    names = {name: bool(take) for name, take in fields.items() if name != "_id"}
    keep_id = bool(fields.get("_id", True))
    if names and all(names.values()) or not names and keep_id and "_id" in fields:
        return {k: v for k, v in doc.items() if k in names or k == "_id" and keep_id}
    return {k: v for k, v in doc.items() if k not in names and (k != "_id" or keep_id)}


def changed(doc, update, inserting=False):
    if isinstance(update, list):
        raise unsupported("pipeline updates")
    if not next(iter(update), "").startswith("$"):
        if "_id" in update and "_id" in doc and key(update["_id"]) != key(doc["_id"]):
            raise Failure(66, "ImmutableField", "the (immutable) field '_id' was altered")
        return {"_id": doc["_id"], **update} if "_id" in doc else dict(update)
    made = dict(doc)
    for operator, fields in update.items():
        if operator not in ("$set", "$unset", "$inc", "$setOnInsert"):
            raise unsupported(operator)
        for path, value in fields.items():
            if operator == "$unset":
                value = MISSING
            elif operator == "$inc":
                old = at_path(made, path)
                value = value if old is MISSING else type(value)(old + value)
            elif operator == "$setOnInsert" and not inserting:
                continue
            set_path(made, path, value)
    return made


class Collection:
    """Documents in the order of their insertion, by the key of their _id."""

    def __init__(self):
        self.docs = {}
        self.indexes = {"_id_": {"v": 2, "key": {"_id": 1}, "name": "_id_"}}

    def check(self, doc):
        for index in self.indexes.values():
            if not index.get("unique"):
                continue
            mine = self._entry(index, doc)
            for other in self.docs.values():
                if mine is not None and key(other["_id"]) != key(doc["_id"]) \
                        and self._entry(index, other) == mine:
                    raise self.duplicate(index, doc)

    @staticmethod
    def _entry(index, doc):
        values = [at_path(doc, path) for path in index["key"]]
        if index.get("sparse") and all(value is MISSING for value in values):
            return None
        if not matches(doc, index.get("partialFilterExpression", {})):
            return None
        return tuple(key(None if value is MISSING else value) for value in values)

    @staticmethod
    def duplicate(index, doc):
        values = {path: at_path(doc, path) for path in index["key"]}
        values = {path: None if v is MISSING else v for path, v in values.items()}
        return Failure(11000, "DuplicateKey", "E11000 duplicate key error collection index: "
                       f"{index['name']} dup key", keyPattern=dict(index["key"]), keyValue=values)

    def put(self, doc, new):
        if new and key(doc["_id"]) in self.docs:
            raise self.duplicate(self.indexes["_id_"], doc)
        self.check(doc)
        self.docs[key(doc["_id"])] = doc

    def find(self, query, sort=None):
        found = [doc for doc in self.docs.values() if matches(doc, query)]
        for path, direction in reversed(list((sort or {}).items())):
            found.sort(reverse=direction < 0, key=lambda doc: key(
                None if at_path(doc, path) is MISSING else at_path(doc, path)))
        return found


class Transaction:
    """A copy of everything as it was; what it wrote is checked and merged when it commits."""

    def __init__(self, data):
        self.before = {ns: dict(c.docs) for ns, c in data.collections.items()}
        self.collections = {}
        for ns, c in data.collections.items():
            self.collections[ns] = mine = Collection()
            mine.docs, mine.indexes = dict(c.docs), c.indexes
        self.state = "open"

    def writes(self):
        for ns, c in self.collections.items():
            old = self.before.get(ns, {})
            for k in {**old, **c.docs}:
                if old.get(k) is not c.docs.get(k):
                    yield ns, k, old.get(k), c.docs.get(k)


class Data:
    def __init__(self):
        self.lock = threading.RLock()
        self.collections = {}
        self.cursors = {}
        self.transactions = {}
        self.retried = {}
        self.next_cursor = 1000

    def run(self, name, command, replica_set):
        """The reply to a command, sessions and all."""
        with self.lock:
            session = key(command["lsid"]) if "lsid" in command else None
            number = command.get("txnNumber")
            if number is not None and not replica_set:
                raise Failure(20, "IllegalOperation",
                              "Transaction numbers are only allowed on a replica set member")
            if name in ("commitTransaction", "abortTransaction"):
                return self._end(name, session, number)
            if command.get("autocommit") is False:
                return self._in_transaction(name, command, session, number)
            if number is None:
                return self._apply(name, command, self.collections)
            if (session, number) not in self.retried:
                reply = self._apply(name, command, self.collections)
                self.retried[session, number] = reply
            return self.retried[session, number]

    def _in_transaction(self, name, command, session, number):
        if command.get("startTransaction"):
            self.transactions[session, number] = Transaction(self)
        mine = self.transactions.get((session, number))
        if not mine or mine.state != "open":
            raise Failure(251, "NoSuchTransaction", "no such transaction", errorLabels=TRANSIENT)
        try:
            reply = self._apply(name, command, mine.collections)
            self._conflicts(mine)
        except Failure:
            mine.state = "aborted"
            raise
        if "writeErrors" in reply:
            mine.state = "aborted"
        return reply

    def _conflicts(self, mine):
        for ns, k, old, _ in mine.writes():
            now = self.collections[ns].docs.get(k) if ns in self.collections else None
            if now is not old:
                raise Failure(112, "WriteConflict", "WriteConflict", errorLabels=TRANSIENT)

    def _end(self, name, session, number):
        mine = self.transactions.get((session, number))
        wanted = "committed" if name == "commitTransaction" else "aborted"
        if mine and mine.state == wanted == "committed":
            return {"ok": 1.0}
        if not mine or mine.state != "open":
            raise Failure(251, "NoSuchTransaction", "no such transaction",
                          **({"errorLabels": TRANSIENT} if wanted == "committed" else {}))
        if wanted == "committed":
            self._conflicts(mine)
            for ns, k, _, doc in list(mine.writes()):
                docs = self.collections.setdefault(ns, Collection()).docs
                if doc is None:
                    docs.pop(k, None)
                else:
                    docs[k] = doc
        mine.state = wanted
        return {"ok": 1.0}

    def _apply(self, name, command, collections):
        handler = getattr(self, "do_" + name, None)
        if not handler:
            raise Failure(59, "CommandNotFound", f"no such command: '{name}'")
        ns = f"{command.get('$db', 'admin')}.{command[name]}"
        return {**handler(ns, command, collections), "ok": 1.0}

    # Writes

    def _each(self, items, ordered, work):
        """Runs work() for each; the reply's writeErrors for those that failed."""
        errors = []
        for i, item in enumerate(items):
            try:
                work(item)
            except Failure as failure:
                reply = dict(failure.reply)
                del reply["ok"]
                errors.append({"index": i, **reply})
                if ordered:
                    break
        return {"writeErrors": errors} if errors else {}

    def do_insert(self, ns, command, collections):
        to = collections.setdefault(ns, Collection())
        n = 0

        def work(doc):
            nonlocal n
            to.put({"_id": ObjectId(os.urandom(12)), **doc}, True)
            n += 1

        errors = self._each(command["documents"], command.get("ordered", True), work)
        return {"n": n, **errors}

    def do_update(self, ns, command, collections):
        to = collections.setdefault(ns, Collection())
        total = {"n": 0, "nModified": 0}
        upserted = []

        def work(item):
            found = to.find(item["q"])[: None if item.get("multi") else 1]
            for doc in found:
                made = changed(doc, item["u"])
                to.put(made, False)
                total["n"] += 1
                total["nModified"] += made != doc
            if not found and item.get("upsert"):
                made = self._upsert(to, item["q"], item["u"])
                upserted.append({"index": len(upserted), "_id": made["_id"]})
                total["n"] += 1

        errors = self._each(command["updates"], command.get("ordered", True), work)
        return {**total, **({"upserted": upserted} if upserted else {}), **errors}

    @staticmethod
    def _upsert(to, query, update):
        base = {name: value for name, value in query.items()
                if not name.startswith("$") and not isinstance(value, dict)}
        made = changed(base, update, inserting=True)
        made = {"_id": made.get("_id", ObjectId(os.urandom(12))), **made}
        to.put(made, True)
        return made

    def do_delete(self, ns, command, collections):
        to = collections.setdefault(ns, Collection())
        n = 0

        def work(item):
            nonlocal n
            for doc in to.find(item["q"])[: item.get("limit") or None]:
                del to.docs[key(doc["_id"])]
                n += 1

        errors = self._each(command["deletes"], command.get("ordered", True), work)
        return {"n": n, **errors}

    def do_findAndModify(self, ns, command, collections):
        to = collections.setdefault(ns, Collection())
        found = to.find(command.get("query", {}), command.get("sort"))[:1]
        last = {"n": len(found)}
        before = found[0] if found else None
        after = None
        if command.get("remove"):
            if found:
                del to.docs[key(before["_id"])]
        else:
            last["updatedExisting"] = bool(found)
            if found:
                after = changed(before, command["update"])
                to.put(after, False)
            elif command.get("upsert"):
                after = self._upsert(to, command.get("query", {}), command["update"])
                last.update(n=1, upserted=after["_id"])
        value = after if command.get("new") else before
        if value is not None:
            value = project(value, command.get("fields"))
        return {"lastErrorObject": last, "value": value}

    do_findandmodify = do_findAndModify

    # Reads

    def _cursor(self, ns, docs, size, batch="firstBatch", number=0, single=False):
        now, rest = docs[:size], docs[size:]
        if rest and not single:
            if not number:
                self.next_cursor += 1
                number = self.next_cursor
            self.cursors[number] = (ns, rest)
        else:
            self.cursors.pop(number, None)
            number = 0
        return {"cursor": {"id": Int64(number), "ns": ns, batch: now}}

    def do_find(self, ns, command, collections):
        docs = collections.get(ns, Collection()).find(command.get("filter", {}), command.get("sort"))
        skip, limit = command.get("skip", 0), abs(command.get("limit", 0))
        docs = docs[skip : skip + limit if limit else None]
        docs = [project(doc, command.get("projection")) for doc in docs]
        return self._cursor(ns, docs, command.get("batchSize", 101),
                            single=command.get("singleBatch", False))

    def do_getMore(self, ns, command, collections):
        number = command["getMore"]
        if number not in self.cursors:
            raise Failure(43, "CursorNotFound", f"cursor id {number} not found")
        ns, docs = self.cursors[number]
        return self._cursor(ns, docs, command.get("batchSize", len(docs)), "nextBatch", number)

    def do_killCursors(self, ns, command, collections):
        known = [number for number in command["cursors"] if self.cursors.pop(number, None)]
        return {"cursorsKilled": known, "cursorsAlive": [], "cursorsUnknown": [],
                "cursorsNotFound": [n for n in command["cursors"] if n not in known]}

    def do_count(self, ns, command, collections):
        docs = collections.get(ns, Collection()).find(command.get("query", {}))
        docs = docs[command.get("skip", 0) :][: command.get("limit") or None]
        return {"n": len(docs)}

    def do_aggregate(self, ns, command, collections):
        docs = list(collections.get(ns, Collection()).docs.values())
        for stage in command["pipeline"]:
            (name, arg), = stage.items()
            if name == "$match":
                docs = [doc for doc in docs if matches(doc, arg)]
            elif name == "$limit":
                docs = docs[:arg]
            elif name == "$skip":
                docs = docs[arg:]
            elif name == "$count":
                docs = [{arg: len(docs)}] if docs else []
            elif name == "$group" and set(arg) == {"_id", "n"} and arg["n"] == {"$sum": 1}:
                docs = [{"_id": arg["_id"], "n": len(docs)}] if docs else []
            else:
                raise unsupported(name)
        return self._cursor(ns, docs, command.get("cursor", {}).get("batchSize", 101))

    # Collections and indexes

    def do_createIndexes(self, ns, command, collections):
        to = collections.setdefault(ns, Collection())
        before = len(to.indexes)
        for index in command["indexes"]:
            old = to.indexes.get(index["name"])
            if old and list(old["key"].items()) != list(index["key"].items()):
                raise Failure(86, "IndexKeySpecsConflict", "an index of this name has another key")
            to.indexes[index["name"]] = {"v": 2, **index}
            try:
                for doc in to.docs.values():
                    to.check(doc)
            except Failure:
                del to.indexes[index["name"]]
                raise
        return {"numIndexesBefore": before, "numIndexesAfter": len(to.indexes)}

    def do_listIndexes(self, ns, command, collections):
        if ns not in collections:
            raise Failure(26, "NamespaceNotFound", f"ns does not exist: {ns}")
        return self._cursor(ns, list(collections[ns].indexes.values()), 101)

    def do_dropIndexes(self, ns, command, collections):
        if ns not in collections:
            raise Failure(26, "NamespaceNotFound", "ns not found")
        indexes = collections[ns].indexes
        before, which = len(indexes), command["index"]
        names = [which] if isinstance(which, str) and which != "*" else list(indexes)[1:]
        for name in names:
            if indexes.pop(name, None) is None:
                raise Failure(27, "IndexNotFound", f"index not found with name [{name}]")
        return {"nIndexesWas": before}

    def do_create(self, ns, command, collections):
        if ns in collections:
            raise Failure(48, "NamespaceExists", f"Collection {ns} already exists.")
        collections[ns] = Collection()
        return {}

    def do_drop(self, ns, command, collections):
        if collections.pop(ns, None) is None:
            raise Failure(26, "NamespaceNotFound", "ns not found")
        return {"ns": ns}

    def do_dropDatabase(self, ns, command, collections):
        for name in [name for name in collections if name.startswith(command["$db"] + ".")]:
            del collections[name]
        return {"dropped": command["$db"]}

    def do_listCollections(self, ns, command, collections):
        start = command["$db"] + "."
        docs = [{"name": name[len(start):], "type": "collection", "options": {},
                 "info": {"readOnly": False}, "idIndex": {"v": 2, "key": {"_id": 1}, "name": "_id_"}}
                for name in collections if name.startswith(start)]
        docs = [doc for doc in docs if matches(doc, command.get("filter", {}))]
        return self._cursor(start + "$cmd.listCollections", docs, 101)

    def do_listDatabases(self, ns, command, collections):
        names = sorted({name.split(".")[0] for name in collections})
        return {"databases": [{"name": name, "sizeOnDisk": Int64(1), "empty": False}
                              for name in names]}

    # What a driver asks besides

    def do_ping(self, ns, command, collections):
        return {}

    do_endSessions = do_ping

    def do_buildInfo(self, ns, command, collections):
        return {"version": "5.0.0", "versionArray": [5, 0, 0, 0], "maxBsonObjectSize": 16777216}

    do_buildinfo = do_buildInfo

    def do_getParameter(self, ns, command, collections):
        return {"featureCompatibilityVersion": {"version": "5.0"}}


def now():
    return Date(int(time.time() * 1000))


def timestamp():
    return Raw(0x11, (1).to_bytes(4, "little") + int(time.time()).to_bytes(4, "little"))
