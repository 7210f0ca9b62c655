"""Reads from a MongoDB beside a bare driver loop: CPU of the client, and its memory."""
import os
import statistics
import subprocess


def started():
    """mongo-java-server where tests/run has installed it: its URI, and the process."""
    folder = os.environ.get("SACRUM_TEST_SERVERS", "build-tests/servers")
    program = os.path.join(folder, "java")
    if not os.path.exists(program):
        return None, None
    server = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    return server.stdout.readline().strip(), server


def print_mongo(bench):
    uri, server = os.environ.get("SACRUM_TEST_MONGODB_URI"), None
    if not bench.has("bench-mongo"):
        return
    if not uri:
        uri, server = started()
    if not uri:
        print("MongoDB: no server (tests/support/servers/install)")
        return
    documents = "1000000" if bench.full else str(bench.docs)
    rounds = [{line[0]: [float(x) for x in line[1:]]
               for line in bench.output("bench-mongo", uri, documents)}
              for _ in range(bench.rounds)]
    if server:
        server.stdin.close()
        server.wait()
    print("| MongoDB, CPU of the client | sacrum, µs | bare driver, µs | ratio |\n|---|---|---|---|")
    for key, name in (("get", "one document"), ("list", "1,000 documents")):
        ours, bare = (statistics.median(r[key][i] for r in rounds) for i in (0, 1))
        ratio = statistics.median(r[key][0] / r[key][1] for r in rounds)
        print(f"| {name} | {ours:,.1f} | {bare:,.1f} | {ratio:.2f} |")
    before, after = rounds[-1]["rss"]
    print(f"\nRssAnon around a list of {int(documents):,} documents: {before / 1024:.1f} MiB, "
          f"then {after / 1024:.1f} MiB")
