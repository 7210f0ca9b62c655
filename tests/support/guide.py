#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Does what the pages of docs/guide say, as a reader would. TAP.

    guide.py ROOT BUILD [PAGE...]

BUILD is a built tree of Meson's; it is installed into a temporary prefix, and
the pages find it through pkg-config. In a page,

- a fenced block behind the line "`books.c`:" is that file, or goes on with it;
- one behind a line that ends with "from `books.c`:" is an excerpt of it, or of that
  file of the tree (`examples/notes/notes.c`);
- any other block of C is an error: it would be read and not compiled;
- in a block of ```console what stands behind "$ " is run (a line that ends with
  a backslash goes on), and the rest is what it prints: "…" stands for anything
  in a line, alone for any lines. An ObjectId or a tag in it stands for the real
  one, from there on;
- in a block of ```sh, packages of `apt install` must be what tests/run installs,
  or be known to apt.

Port 8080 is a free one here. `cc` has -std=c11 and every warning as an error.
A server is started with " &", awaited, and stopped by the page's end. `serve` is the
example of this name.
"""
import os
import re
import select
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PATIENCE = 60  # seconds for one command
SAMPLE = re.compile(r"\b(?:[0-9a-f]{24}|[0-9a-f]{16}\.[0-9a-f]{16})\b")
PROLOGUE = r"""
cc() { command ${CC:-cc} -std=c11 -Wall -Wextra -Wpedantic -Werror "$@"; }
curl() { command curl -sS --max-time 20 "$@"; }
"""
tests = failures = 0


def report(name, problem=None):
    global tests, failures
    tests += 1
    failures += problem is not None
    print(f"{'not ' if problem is not None else ''}ok {tests} - {name}")
    for line in (problem or "").splitlines():
        print(f"# {line}")
    sys.stdout.flush()


def blocks(page):
    """Each fenced block: (language, the line of text before it, its text)."""
    before, language, text = "", None, []
    for line in page.read_text().splitlines():
        fence = re.match(r"```(\w*)$", line)
        if language is None and fence:
            language, text = fence[1], []
        elif language is not None and line == "```":
            yield language, before, "\n".join(text) + "\n"
            before, language = "", None
        elif language is not None:
            text.append(line)
        elif line:
            before = line


def commands(text):
    """Of a block of console: (command, what it prints)."""
    command, output = None, []
    for line in text.splitlines():
        if command is not None and not output and command.endswith("\\"):
            command += "\n" + line.removeprefix("> ")
        elif line.startswith("$ "):
            if command is not None:
                yield command, output
            command, output = line[2:], []
        else:
            output.append(line)
    if command is not None:
        yield command, output


def pattern(expected):
    """A pattern for the lines that are expected, with a group for each sample."""
    out = ""
    for line in expected:
        if line.strip() == "…":
            out += r"(?:.*\n)*?"
            continue
        for part in re.split(f"(…|{SAMPLE.pattern})", line):
            if part == "…":
                out += ".*?"
            elif SAMPLE.fullmatch(part):
                out += "(" + re.sub(r"[0-9a-f]+", lambda m: f"[0-9a-f]{{{len(m[0])}}}",
                                    part.replace(".", r"\.")) + ")"
            else:
                out += re.escape(part)
        out += "\n"
    return out


class Shell:
    """The reader's: one bash, in a folder and on a port of its own."""

    def __init__(self, folder, env):
        self.folder = folder
        self.bash = subprocess.Popen(["bash"], cwd=folder, env=env, stdin=subprocess.PIPE,
                                     stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                     start_new_session=True)
        self.known = {}  # sample of the page: the real one
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = str(free.getsockname()[1])
        self.run(PROLOGUE)

    def real(self, text):
        text = re.sub(r"\b8080\b", self.port, text)
        return SAMPLE.sub(lambda m: self.known.get(m[0], m[0]), text)

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self.real(text))

    def run(self, command):
        """Its output and its status."""
        end = f"--- {time.monotonic_ns()} "
        self.bash.stdin.write(f"{{ {command}\n}} </dev/null\necho $'\\n{end}'$?\n".encode())
        self.bash.stdin.flush()
        deadline, output = time.monotonic() + PATIENCE, b""
        while end.encode() not in output or not output.endswith(b"\n"):
            ready = select.select([self.bash.stdout], [], [], max(0, deadline - time.monotonic()))
            piece = os.read(self.bash.stdout.fileno(), 65536) if ready[0] else b""
            if not piece:
                raise TimeoutError(output.decode(errors="replace"))
            output += piece
        output, status = output.decode(errors="replace").split(end)
        output = output.replace("\r\n", "\n").rstrip("\n")
        return re.sub(rf":{self.port}\b", ":8080", output), int(status)

    def serve(self, command):
        """A server: awaited, what it prints kept."""
        if ">" not in command:
            command = command.removesuffix("&") + ">server.log 2>&1 &"
        self.run(command)
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", int(self.port))) == 0:
                    return None
            if self.run("jobs -r")[0] == "":
                break
            time.sleep(0.05)
        return "it does not listen\n" + self.run("cat server.log")[0]

    def do(self, command, expected):
        """What is wrong with the command; None: nothing."""
        if command.endswith("&"):
            return self.serve(self.real(command))
        output, status = self.run(self.real(command))
        if command.startswith("kill "):
            status = status or self.run("wait $!")[1]
        while expected and not expected[-1].strip():
            expected = expected[:-1]
        match = re.fullmatch(pattern(expected), output + "\n" if output else "")
        if not match:
            return "\n".join(["expected:", *expected, "got:", output, f"status {status}"])
        samples = [m[0] for line in expected for m in SAMPLE.finditer(line)]
        self.known.update(zip(samples, match.groups()))
        return None if status == 0 else f"status {status}\n{output}"

    def stop(self):
        """Ends the servers that still run; what is wrong with that."""
        output, _ = self.run("for p in $(jobs -rp); do kill $p && wait $p || echo status $?; done")
        return f"{output}\n{self.run('cat server.log')[0]}" if output else None

    def close(self):
        self.bash.stdin.close()
        try:
            os.killpg(self.bash.pid, signal.SIGKILL)  # its own session
        except ProcessLookupError:
            pass
        self.bash.wait()
        shutil.rmtree(self.folder)


def packages_of(text):
    for line in text.replace("\\\n", " ").splitlines():
        install = re.match(r"\s*(?:sudo )?apt(?:-get)? install (.*)", line)
        if install:
            yield [word for word in shlex.split(install[1]) if not word.startswith("-")]


def installed_by_tests(root):
    text = (root / "tests/run").read_text().replace("\\\n", " ")
    return {word for m in re.finditer(r"need_packages ([^|]*)", text) for word in m[1].split()}


def check_packages(root, text):
    for packages in packages_of(text):
        unknown = sorted(set(packages) - installed_by_tests(root))
        if unknown and subprocess.run(["apt-get", "install", "-s", *unknown],
                                      capture_output=True).returncode != 0:
            return "neither installed by tests/run nor known to apt: " + " ".join(unknown)
    return None


def try_page(root, page, env):
    folder = Path(tempfile.mkdtemp(prefix="sacrum-guide-"))
    shell = Shell(folder, env)
    files, excerpts = {}, []
    try:
        for language, before, text in blocks(page):
            named = re.search(r"(^|\bfrom )`([\w./-]+)`:$", before)
            if language == "sh" and "install " in text and "apt" in text:
                report(f"{page.name}: packages", check_packages(root, text))
            elif language == "console":
                for command, expected in commands(text):
                    problem = shell.do(command, expected)
                    report(f"{page.name}: $ {command.splitlines()[0].replace('#', '')}", problem)
                    if problem and re.match(r"cc |.*&$", command):
                        return  # the rest builds on it
            elif named and named[1]:
                excerpts.append((named[2], text))
            elif named:
                files[named[2]] = files.get(named[2], "") + text
                shell.write(named[2], files[named[2]])
            elif language == "c":
                report(f"{page.name}: a block of C", f"it is of no file: {before}")
        for name, text in excerpts:
            whole = files.get(name) or (root / name).read_text()
            report(f"{page.name}: excerpt from {name}",
                   None if text in whole else f"it is not in {name}:\n{text}")
        report(f"{page.name}: its servers stop", shell.stop())
    except TimeoutError as e:
        report(f"{page.name}: its commands end", f"one does not; it printed:\n{e}")
    finally:
        shell.close()


def install(build, prefix):
    """The environment in which pkg-config and CMake find what was installed."""
    done = subprocess.run(["meson", "install", "-C", build, "--no-rebuild", "--destdir", prefix],
                          capture_output=True, text=True, env={**os.environ, "DESTDIR": ""})
    report("meson install", None if done.returncode == 0 else done.stdout + done.stderr)
    found = next(prefix.rglob("sacrum.pc"), None)
    if not found:
        sys.exit("there is no sacrum.pc")
    libraries = found.parent.parent
    # pkg-config looks for the headers of other libraries beneath the prefix as well
    if not (prefix / "usr/include").exists():
        (prefix / "usr/include").symlink_to("/usr/include")
    return {**os.environ, "PATH": f"{build}/examples/serve:{os.environ['PATH']}",
            "PKG_CONFIG_PATH": str(found.parent),
            "PKG_CONFIG_SYSROOT_DIR": str(prefix), "LD_LIBRARY_PATH": str(libraries),
            "sacrum_DIR": str(libraries / "cmake/sacrum")}


def main(root, build, *pages):
    root = Path(root).resolve()
    pages = [Path(page) for page in pages] or sorted((root / "docs/guide").glob("*.md"))
    with tempfile.TemporaryDirectory(prefix="sacrum-prefix-") as prefix:
        env = install(str(Path(build).resolve()), Path(prefix))
        for page in pages:
            try_page(root, page, env)
    print(f"1..{tests}")
    return 1 if failures or not pages else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
