#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Serves a folder with nginx: one worker, its files and configuration in a folder of its own.

    nginx.py FOLDER

prints the port as soon as it answers, and ends when its stdin does. Exits with 77, and says
why, where there is no nginx.
"""
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time

CONFIG = """
daemon off;
worker_processes 1;
pid {own}/pid;
error_log {own}/errors;
{user}
events {{ worker_connections 1024; }}
http {{
    types {{
        text/html html;
        text/css css;
        text/javascript js;
        application/json json map;
        image/svg+xml svg;
        image/png png;
        text/plain txt;
    }}
    default_type application/octet-stream;
    access_log off;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 1000000000;
    server_tokens off;
    client_body_temp_path {own}/body;
    proxy_temp_path {own}/proxy;
    fastcgi_temp_path {own}/fastcgi;
    uwsgi_temp_path {own}/uwsgi;
    scgi_temp_path {own}/scgi;
    server {{
        listen 127.0.0.1:{port};
        root "{folder}";
        index index.html;
        gzip_static on;
        gzip_vary on;
        if_modified_since before;
        absolute_redirect off;
    }}
}}
"""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def answers(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


def find():
    for folder in (*os.get_exec_path(), "/usr/sbin", "/usr/local/sbin"):
        program = shutil.which("nginx", path=folder)
        if program:
            return program
    return None


def start(program, own, folder):
    """The process, and its port; another one may have taken a port meanwhile, so it tries again."""
    for _ in range(5):
        port = free_port()
        # As root it would give its worker to another user, who may not read the folder.
        user = "user root;" if os.geteuid() == 0 else ""
        config = os.path.join(own, "config")
        with open(config, "w", encoding="utf-8") as f:
            f.write(CONFIG.format(own=own, port=port, user=user, folder=os.path.abspath(folder)))
        process = subprocess.Popen([program, "-p", own, "-e", os.path.join(own, "errors"),
                                    "-c", config], stdin=subprocess.DEVNULL)
        for _ in range(100):
            if process.poll() is not None:
                break
            if answers(port):
                return process, port
            time.sleep(0.05)
        process.terminate()
        process.wait()
    return None, 0


def main():
    program = find()
    if not program:
        print("nginx is not installed", file=sys.stderr)
        return 77
    with tempfile.TemporaryDirectory() as own:
        process, port = start(program, own, sys.argv[1])
        if not process:
            print("nginx does not start", file=sys.stderr)
            return 1
        try:
            print(port, flush=True)
            sys.stdin.read()
        finally:
            process.terminate()
            process.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
