# SPDX-License-Identifier: MIT
"""Prints the ns of CPU that Flask takes to verify and to make the session of tests/bench/session.c."""
import time

import flask
from flask.sessions import SecureCookieSessionInterface

SESSION = {"user_id": "655f00000102030405060708", "version": 1,
           "csrf": "q7Xb2LdT0mVhFz9RwYc4sKj1NpGuEoA8ItDvCxZe3Mk"}
ROUNDS, CALLS = 9, 1000

app = flask.Flask("bench")
app.secret_key = "a secret of 16 bytes and more"
interface = SecureCookieSessionInterface()


def median(call):
    """As Flask does it, which makes a serializer for each request."""
    times = []
    for _ in range(ROUNDS):
        begin = time.process_time_ns()
        for _ in range(CALLS):
            call(interface.get_signing_serializer(app))
        times.append((time.process_time_ns() - begin) / CALLS)
    return sorted(times)[ROUNDS // 2]


with app.app_context():
    cookie = interface.get_signing_serializer(app).dumps(SESSION)
    print(f"{median(lambda s: s.loads(cookie, max_age=3600)):.0f} {median(lambda s: s.dumps(SESSION)):.0f}")
