"""What a session adds to a request, beside Flask's own code for the same cookie."""
import subprocess
import sys
from pathlib import Path

from .bench import judged

GOAL = 3000  # ns that reading one adds
PEER = Path(__file__).parent.parent / "peers" / "session.py"
KINDS = {"signed": "signed (Flask's cookie)", "encrypted": "encrypted (AES-256-GCM)",
         "stored": "stored (LMDB)"}


def flask_times():
    """To verify and to make one; None without Flask."""
    got = subprocess.run([sys.executable, "-B", str(PEER)], stdout=subprocess.PIPE,
                         stderr=subprocess.DEVNULL, text=True, check=False)
    return [float(word) for word in got.stdout.split()] if got.returncode == 0 else None


def print_session(bench):
    print("## A session of three members: ns of CPU that it adds to an inline request\n")
    print("| kind | cookie, bytes | request without | reading adds | changing adds |\n|---|---|---|---|---|")
    for name, size, without, look, change in bench.output("bench-session", bench.file("sessions")):
        added = float(look) - float(without)
        reading = judged(f"{added:,.0f}", added < GOAL, f"< {GOAL:,}")
        changing = f"{float(change) - float(without):,.0f}" if float(change) else "–"
        print(f"| {KINDS[name]} | {size} | {float(without):,.0f} | {reading} | {changing} |")
    peer = flask_times()
    if peer:
        print(f"| itsdangerous, as Flask calls it | | | {peer[0]:,.0f} | {sum(peer):,.0f} |")
    else:
        print("| itsdangerous | not here | | | |")
