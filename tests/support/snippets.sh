#!/usr/bin/env bash
# Every block of C in the README and the reference compiles behind sacrum.h, without
# a warning but that nobody calls it; the guide's are built and run by guide.py. TAP.
#   snippets.sh ROOT
set -u
root=$1
n=0
for page in "$root"/README.md "$root"/docs/reference/*.md; do
    # The blocks, NUL behind each.
    while IFS= read -r -d '' block; do
        n=$((n + 1))
        if ${CC:-cc} -std=c11 -x c -Wall -Wextra -Wpedantic -Werror -Wno-unused-function \
            -Wno-unused-const-variable -fsyntax-only -include sacrum/sacrum.h \
            -I"$root/include" - <<<"$block"; then
            echo "ok $n - block $n, of $(basename "$page")"
        else
            echo "not ok $n - block $n, of $(basename "$page")"
        fi
    done < <(awk '/^```c$/ {on = 1; text = ""; next}
                  /^```$/ {if (on) printf "%s%c", text, 0; on = 0}
                  on {text = text $0 "\n"}' "$page")
done
echo "1..$n"
