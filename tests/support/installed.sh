#!/usr/bin/env bash
# Installs into a fresh prefix, then uses what is there as people outside do. TAP.
#   installed.sh ROOT BUILD      BUILD has default_library=both
# First the README's program, served and asked; then those of installed/, by
# pkg-config, by CMake and as a Meson subproject, shared and static.
set -u
root=$1 build=$2 n=0
programs=$root/tests/support/installed
strict='-Wall -Wextra -Wpedantic -Werror'
# g++ means the members that a designated initialiser leaves out, too.
strict_cxx="$strict -Wno-missing-field-initializers"
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
        tail -n 40 "$work/log" | sed 's/^/# /'
    fi
}

# What pkg-config says of libraries in a root that sacrum was installed to.
flags() { # root library...
    local pc
    pc=$(dirname "$(find "$1" -name sacrum.pc)")
    PKG_CONFIG_PATH=$pc PKG_CONFIG_SYSROOT_DIR=$1 pkg-config --cflags --libs "${@:2}"
    echo "-Wl,-rpath,${pc%/pkgconfig}"
}

readme_program() {
    awk '/^```c$/ {on = 1; next} /^```$/ {if (on) exit} on' "$root/README.md" |
        sed 's/127.0.0.1:8080/127.0.0.1:18431/' >"$work/todo.c"
    grep -q 'int main' "$work/todo.c"
}

compile() {
    # shellcheck disable=SC2086,SC2046
    ${CC:-cc} -std=c11 $strict "$work/todo.c" -o "$work/todo" \
        $(flags "$work/root" sacrum-lmdb sacrum-microhttpd)
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

valid_pc() {
    local file
    for file in "$prefix"/*.pc; do
        pkgconf --validate "$file" || return
    done
}

# Each of these makes the programs in $out, by one way, shared or static.
by_Meson() {
    if [ ! -d "$work/meson" ]; then
        mkdir -p "$work/meson/subprojects"
        cp "$programs"/*.c* "$programs/meson.build" "$work/meson/"
        cp "$programs/sacrum.wrap" "$work/meson/subprojects/"
        ln -s "$root" "$work/meson/subprojects/sacrum"
    fi
    meson setup "$out" "$work/meson" --default-library="$1" -Doptimization=0 \
        --force-fallback-for=sacrum,sacrum-lmdb,sacrum-microhttpd,sacrum-libevent \
        -Dwerror=true -Dwarning_level=3 -Dcpp_args=-Wno-missing-field-initializers &&
        meson compile -C "$out" && [ ! -e "$out/subprojects/sacrum/tests" ] &&
        [ ! -e "$out/subprojects/sacrum/examples" ]
}

# The static libraries that by_Meson made, installed without shared ones.
by_pkg-config() {
    local from=$work/root
    if [ "$1" = static ]; then
        from=$work/static
        meson install -C "$work/Meson-static" --no-rebuild --destdir "$from" || return
    fi
    mkdir "$out" || return
    set -- $(flags "$from" sacrum-lmdb sacrum-microhttpd)
    # shellcheck disable=SC2086,SC2046
    ${CC:-cc} -std=c11 $strict "$programs/host.c" -o "$out/host" "$@" &&
        ${CXX:-c++} -std=c++20 $strict_cxx "$programs/host20.cpp" -o "$out/host20" "$@" &&
        ${CXX:-c++} -std=c++11 $strict_cxx "$programs/host11.cpp" -o "$out/host11" "$@" &&
        ${CC:-cc} -std=c11 $strict "$programs/events.c" -o "$out/events" \
            $(flags "$from" sacrum-libevent libevent)
}

by_CMake() {
    local static=OFF
    [ "$1" = static ] && static=ON
    cmake -G Ninja -S "$programs" -B "$out" -DCMAKE_PREFIX_PATH="$work/root$installed" \
        -DSACRUM_STATIC=$static -DCMAKE_C_FLAGS="$strict" -DCMAKE_CXX_FLAGS="$strict_cxx" &&
        cmake --build "$out"
}

runs() { # program kind
    local linked=static
    readelf -d "$out/$1" | grep -q 'NEEDED.*libsacrum' && linked=shared
    echo "$1 is $linked"
    [ "$linked" = "$2" ] && "$out/$1" "lmdb:$out/$1.db"
}

refuses() { # words of the message, find_package arguments
    printf 'cmake_minimum_required(VERSION 3.16)\nproject(no C)\nfind_package(sacrum %s)\n' "$2" \
        >"$work/CMakeLists.txt"
    rm -rf "$work/no"
    ! cmake -G Ninja -S "$work" -B "$work/no" -DCMAKE_PREFIX_PATH="$work/root$installed" \
        >"$work/refused" 2>&1 && cat "$work/refused" &&
        tr -s ' \n' '  ' <"$work/refused" | grep -q "$1"
}

check 'meson install' env DESTDIR= meson install -C "$build" --no-rebuild --destdir "$work/root"
prefix=$(find "$work/root" -name sacrum.pc -printf '%h\n' | head -n 1)
installed=$(sed -n 's/^prefix=//p' "$prefix/sacrum.pc")
check 'the README has a program' readme_program
check 'it builds by pkg-config' compile
check 'it serves a page and a resource' serves
check 'SIGTERM stops it with status 0' stops

check 'the .pc files are valid' valid_pc
for kind in shared static; do
    for way in Meson pkg-config CMake; do
        out=$work/$way-$kind
        check "$way, $kind: builds" "by_$way" $kind
        check "$way, $kind: C runs" runs host $kind
        check "$way, $kind: C++20 runs" runs host20 $kind
        check "$way, $kind: C++11 runs" runs host11 $kind
        check "$way, $kind: C in a libevent loop runs" runs events $kind
    done
done
check 'CMake: an unknown component is named' refuses 'no component mongodb' \
    'CONFIG REQUIRED COMPONENTS mongodb'
rm -f "${prefix%/pkgconfig}"/libsacrum-microhttpd.*
check 'CMake: a missing component is named' refuses 'no library sacrum-microhttpd' \
    'CONFIG REQUIRED COMPONENTS lmdb microhttpd'
check 'CMake: another series is refused' refuses 'requested version "0.2"' '0.2 CONFIG REQUIRED'
echo "1..$n"
