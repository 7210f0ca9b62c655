#!/usr/bin/env python3
"""Run the bench programs in interleaved rounds and print medians and ratios.

Absolute figures wander on a busy machine; a ratio is made within one round,
and the median of the rounds' ratios is printed.
"""
import argparse
import os
import re
import tempfile

from tables.bench import Bench
from tables.codec import print_codec
from tables.dispatch import print_dispatch
from tables.hosts import print_libevent, print_microhttpd
from tables.logins import print_logins
from tables.mongo import print_mongo
from tables.peers import print_peers
from tables.query import print_query
from tables.session import print_session
from tables.static import print_static
from tables.store import print_store
from tables.templates import print_templates
from tables.writes import print_writes

TABLES = {"microhttpd": print_microhttpd, "libevent": print_libevent, "peers": print_peers,
          "dispatch": print_dispatch, "writes": print_writes, "query": print_query, "store": print_store,
          "codec": print_codec, "static": print_static, "logins": print_logins, "templates": print_templates, "session": print_session, "mongo": print_mongo}


def arguments():
    parser = argparse.ArgumentParser(prog="tests/bench/run")
    parser.add_argument("programs", help=argparse.SUPPRESS)
    parser.add_argument("--quick", action="store_true", help="fewer documents, shorter rounds")
    parser.add_argument("--full", action="store_true", help="the store's table of 1,000,000")
    parser.add_argument("--only", choices=TABLES, help="print one table")
    return parser.parse_args()


def print_machine(bench):
    with open("/proc/cpuinfo") as f:
        model = re.search(r"model name\s*:\s*(.*)", f.read())
    print(f"{os.cpu_count()} CPUs, {model.group(1) if model else 'unknown'}, load before: "
          f"{os.getloadavg()[0]:.1f}; medians of {bench.rounds} interleaved rounds; "
          f"wrk -t1 -c{bench.connections} -d{bench.seconds}s on loopback, one server thread; "
          f"{bench.docs:,} documents", flush=True)


def main():
    args = arguments()
    rounds, seconds, docs = (3, 1, 20000) if args.quick else (5, 4, 100000)
    # Beside the build: a temporary folder may be in memory, and syncs would be free.
    with tempfile.TemporaryDirectory(dir=args.programs) as folder:
        bench = Bench(args.programs, folder, rounds, seconds, docs, full=args.full)
        print_machine(bench)
        for name in [args.only] if args.only else TABLES:
            print(flush=True)
            TABLES[name](bench)


main()
