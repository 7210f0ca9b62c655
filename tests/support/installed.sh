#!/usr/bin/env bash
# Installs into a fresh prefix and builds the README's program against it with
# pkg-config, shared, in C and as C++ headers; runs it and asks it something. TAP.
#   installed.sh ROOT BUILD
set -u
root=$1 build=$2 n=0
work=$(mktemp -d)
pid=
trap '[ -n "$pid" ] && kill "$pid"; rm -rf "$work"' EXIT

check() { # name command...
    local name=$1
    shift
    n=$((n + 1))
    if "$@" >"$work/log" 2>&1; then
        echo "ok $n - $name"
    else
        echo "not ok $n - $name"
        sed 's/^/# /' "$work/log"
    fi
}

readme_program() {
    awk '/^```c$/ {on = 1; next} /^```$/ {if (on) exit} on' "$root/README.md" |
        sed 's/127.0.0.1:8080/127.0.0.1:18431/' >"$work/todo.c"
    grep -q 'int main' "$work/todo.c"
}

compile() {
    ${CC:-cc} -std=c11 -Wall -Wextra -Wpedantic -Werror "$work/todo.c" -o "$work/todo" \
        $(pkg-config --cflags --libs sacrum sacrum-lmdb sacrum-microhttpd)
}

serves() {
    mkdir -p "$work/public"
    echo hello >"$work/public/index.html"
    (cd "$work" && exec ./todo) &
    pid=$!
    for _ in $(seq 50); do
        curl -sf http://127.0.0.1:18431/ >"$work/page" 2>/dev/null && break
        sleep 0.1
    done
    [ "$(cat "$work/page")" = hello ] &&
        curl -sf http://127.0.0.1:18431/api/todos -H 'Content-Type: application/json' \
            -d '{"title": "milk"}' | grep '"title":"milk","completed":false'
}

stops() {
    kill -TERM "$pid" && wait "$pid"
    local status=$?
    pid=
    return $status
}

check 'meson install' env DESTDIR= meson install -C "$build" --no-rebuild --destdir "$work/root"
prefix=$(find "$work/root" -name sacrum.pc -printf '%h\n' | head -n 1)
export PKG_CONFIG_PATH=$prefix PKG_CONFIG_SYSROOT_DIR=$work/root
export LD_LIBRARY_PATH=${prefix%/pkgconfig}
check 'the README has a program' readme_program
check 'it builds by pkg-config' compile
check 'it serves a page and a resource' serves
check 'SIGTERM stops it with status 0' stops
echo "1..$n"
