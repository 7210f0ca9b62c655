# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# MongoDB-compatible servers for the length of a script: sourced by tests/run and by `with`.
#
#   servers_up FOLDER NAME...   starts what `install` has put into FOLDER, each on a free port
#                               of loopback with data of its own; prints a TAP line for each
#   servers_down                ends them and removes their data; put it into a trap
#
# Exported for the tests:
#   SACRUM_TEST_SERVERS           FOLDER: tests start servers of their own from it (server.h)
#   SACRUM_TEST_MONGODB_JAVA      URI of mongo-java-server
#   SACRUM_TEST_MONGODB_FERRETDB  URI of FerretDB
# Where SACRUM_TEST_MONGODB_URI names a server already, that one is the judge and none is started.
# A server's stdin is a pipe from this shell: it ends with the shell, however that ends.

servers_pids=()
servers_holds=()
servers_data=

servers_up() {
    local folder name data i=0 reason hold
    folder=$(cd "$1" && pwd -P) || return 1
    shift
    export SACRUM_TEST_SERVERS=$folder
    if [ -n "${SACRUM_TEST_MONGODB_URI:-}" ]; then
        printf 'ok 1 - servers # SKIP SACRUM_TEST_MONGODB_URI names one\n1..1\n'
        return 0
    fi
    servers_data=$(mktemp -d "$folder/data.XXXXXX") || return 1
    for name; do
        i=$((i + 1))
        if [ ! -x "$folder/$name" ]; then
            reason=$(cat "$folder/$name.missing" 2>/dev/null) || reason='not installed'
            printf 'ok %d - server %s # SKIP %s\n' "$i" "$name" "${reason#*: }"
            continue
        fi
        data=$servers_data/$name
        mkdir "$data"
        exec {hold}> >(
            for hold in "${servers_holds[@]}"; do exec {hold}>&-; done
            exec "$folder/$name" 0 "$data" >"$data.uri" 2>"$data.log"
        )
        servers_pids+=($!)
        servers_holds+=("$hold")
        if servers_answer "$data.uri"; then
            export "SACRUM_TEST_MONGODB_${name^^}=$(head -n 1 "$data.uri")"
            printf 'ok %d - server %s\n' "$i" "$name"
        else
            printf 'not ok %d - server %s\n' "$i" "$name"
            sed 's/^/# /' "$data.log"
        fi
    done
    printf '1..%d\n' "$i"
}

servers_answer() { # file: within 30 s there is a line in it
    local tries
    for ((tries = 0; tries < 300; tries++)); do
        [ -s "$1" ] && return 0
        sleep 0.1
    done
    return 1
}

servers_down() {
    local hold pid tries
    for hold in "${servers_holds[@]}"; do
        exec {hold}>&-
    done
    for pid in "${servers_pids[@]}"; do
        for ((tries = 0; tries < 30; tries++)); do
            kill -0 "$pid" 2>/dev/null || break
            sleep 0.1
        done
        kill -KILL "$pid" 2>/dev/null
    done
    servers_pids=()
    servers_holds=()
    [ -z "$servers_data" ] || rm -rf -- "$servers_data"
    servers_data=
}
