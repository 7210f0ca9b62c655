#!/usr/bin/env bash
# What the libraries export against the reviewed list. TAP.
#   exports.sh LIST LIBRARY...
set -u
list=$1
shift
n=0
for library in "$@"; do
    n=$((n + 1))
    name=$(basename "$library" | sed 's/\.so.*//')
    if diff <(sed -n "s/^$name //p" "$list" | sort) \
        <(nm -D --defined-only "$library" | awk '{print $3}' | grep -v '@' | sort) | sed 's/^/# /' |
        tee /dev/stderr | grep -q '^# [<>]'; then
        echo "not ok $n - $name exports what tests/exports.txt lists"
    else
        echo "ok $n - $name exports what tests/exports.txt lists"
    fi
done
echo "1..$n"
