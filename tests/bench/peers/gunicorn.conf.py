"""As the other programs of the bench: prints its port, stops when its input ends."""
import os
import signal
import threading

bind = "127.0.0.1:0"
workers = 1
loglevel = "warning"


def when_ready(arbiter):
    print(arbiter.LISTENERS[0].getsockname()[1], flush=True)
    threading.Thread(target=stop_at_end_of_input, daemon=True).start()


def stop_at_end_of_input():
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
