# SPDX-License-Identifier: MIT
"""BSON for the scripted server: bytes to Python values and back, every type kept.

Documents are dicts, arrays lists. int is int32 and Int64 int64; types without a Python
counterpart stay raw bytes with their type's number.
"""
import struct


class Int64(int):
    pass


class Date(int):
    """Milliseconds since 1970."""


class ObjectId(bytes):
    pass


class Binary(bytes):
    subtype = 0

    def __new__(cls, data, subtype=0):
        self = super().__new__(cls, data)
        self.subtype = subtype
        return self


class Raw:
    """A value of any other type."""

    def __init__(self, kind, data):
        self.kind, self.data = kind, data

    def __eq__(self, other):
        return isinstance(other, Raw) and (self.kind, self.data) == (other.kind, other.data)

    def __hash__(self):
        return hash((self.kind, self.data))


def _cstring(data, at):
    end = data.index(0, at)
    return data[at:end].decode("utf-8", "surrogateescape"), end + 1


def _string(data, at):
    (n,) = struct.unpack_from("<i", data, at)
    return data[at + 4 : at + 3 + n].decode("utf-8", "surrogateescape"), at + 4 + n


def _value(kind, data, at):
    if kind == 0x01:
        return struct.unpack_from("<d", data, at)[0], at + 8
    if kind == 0x02:
        return _string(data, at)
    if kind in (0x03, 0x04):
        doc, end = decode(data, at)
        return (doc if kind == 0x03 else list(doc.values())), end
    if kind == 0x05:
        n, subtype = struct.unpack_from("<iB", data, at)
        return Binary(data[at + 5 : at + 5 + n], subtype), at + 5 + n
    if kind == 0x07:
        return ObjectId(data[at : at + 12]), at + 12
    if kind == 0x08:
        return data[at] != 0, at + 1
    if kind == 0x09:
        return Date(struct.unpack_from("<q", data, at)[0]), at + 8
    if kind == 0x0A:
        return None, at
    if kind == 0x10:
        return struct.unpack_from("<i", data, at)[0], at + 4
    if kind == 0x12:
        return Int64(struct.unpack_from("<q", data, at)[0]), at + 8
    return _other(kind, data, at)


def _other(kind, data, at):
    if kind in (0x06, 0x7F, 0xFF):
        end = at
    elif kind == 0x11:
        end = at + 8
    elif kind == 0x13:
        end = at + 16
    elif kind == 0x0B:
        end = _cstring(data, _cstring(data, at)[1])[1]
    elif kind in (0x0D, 0x0E):
        end = _string(data, at)[1]
    elif kind == 0x0C:
        end = _string(data, at)[1] + 12
    elif kind == 0x0F:
        end = at + struct.unpack_from("<i", data, at)[0]
    else:
        raise ValueError(f"BSON type {kind:#x}")
    return Raw(kind, bytes(data[at:end])), end


def decode(data, at=0):
    """The document at `at`, and where it ends."""
    (n,) = struct.unpack_from("<i", data, at)
    end, doc = at + n, {}
    if n < 5 or end > len(data) or data[end - 1]:
        raise ValueError("BSON length")
    at += 4
    while at < end - 1:
        name, value = _cstring(data, at + 1)
        doc[name], at = _value(data[at], data, value)
    return doc, end


def _kind(value):
    if value is None:
        return 0x0A, b""
    if isinstance(value, bool):
        return 0x08, bytes([value])
    if isinstance(value, Date):
        return 0x09, struct.pack("<q", value)
    if isinstance(value, int):
        if isinstance(value, Int64) or not -(2**31) <= value < 2**31:
            return 0x12, struct.pack("<q", value)
        return 0x10, struct.pack("<i", value)
    if isinstance(value, float):
        return 0x01, struct.pack("<d", value)
    if isinstance(value, str):
        raw = value.encode("utf-8", "surrogateescape")
        return 0x02, struct.pack("<i", len(raw) + 1) + raw + b"\0"
    if isinstance(value, dict):
        return 0x03, encode(value)
    if isinstance(value, (list, tuple)):
        return 0x04, encode({str(i): item for i, item in enumerate(value)})
    if isinstance(value, ObjectId):
        return 0x07, bytes(value)
    if isinstance(value, Binary):
        return 0x05, struct.pack("<iB", len(value), value.subtype) + bytes(value)
    return value.kind, value.data


def encode(doc):
    body = b""
    for name, value in doc.items():
        kind, raw = _kind(value)
        body += bytes([kind]) + name.encode("utf-8", "surrogateescape") + b"\0" + raw
    return struct.pack("<i", len(body) + 5) + body + b"\0"


def key(value):
    """A hashable that two values share when MongoDB calls them equal; orders most types."""
    if isinstance(value, bool):
        return (8, value)
    if isinstance(value, Date):
        return (9, int(value))
    if isinstance(value, (int, float)):
        return (1, value)
    if value is None:
        return (0, 0)
    if isinstance(value, str):
        return (2, value)
    if isinstance(value, dict):
        return (3, tuple((name, key(item)) for name, item in value.items()))
    if isinstance(value, (list, tuple)):
        return (4, tuple(key(item) for item in value))
    if isinstance(value, ObjectId):
        return (7, bytes(value))
    if isinstance(value, Binary):
        return (5, (value.subtype, bytes(value)))
    return (10 + value.kind, value.data)


def plain(value):
    """For the log: what json.dumps takes; relaxed Extended JSON, near enough to read."""
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, ObjectId):
        return {"$oid": value.hex()}
    if isinstance(value, Binary):
        return {"$binary": value.hex()}
    if isinstance(value, Date):
        return {"$date": int(value)}
    if isinstance(value, Raw):
        return {"$type": value.kind, "$hex": value.data.hex()}
    return value


def from_plain(value):
    """What a script's JSON means: $oid, $date, $numberLong are known."""
    if isinstance(value, list):
        return [from_plain(item) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        (name, inner), = value.items()
        if name == "$oid":
            return ObjectId(bytes.fromhex(inner))
        if name == "$date":
            return Date(inner)
        if name == "$numberLong":
            return Int64(inner)
    return {name: from_plain(item) for name, item in value.items()}
