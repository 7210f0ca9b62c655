#!/usr/bin/env bash
# Every C program in the README and the guide compiles without a warning. TAP.
#   snippets.sh ROOT
set -u
root=$1
n=0
for page in "$root"/README.md "$root"/docs/guide/*.md; do
    # Blocks of C that hold a main(), NUL between them.
    while IFS= read -r -d '' program; do
        n=$((n + 1))
        if ${CC:-cc} -std=c11 -x c -Wall -Wextra -Wpedantic -Werror -fsyntax-only \
            -I"$root/include" - <<<"$program"; then
            echo "ok $n - program $n, of $(basename "$page")"
        else
            echo "not ok $n - program $n, of $(basename "$page")"
        fi
    done < <(awk '/^```c$/ {on = 1; text = ""; next}
                  /^```$/ {if (on && text ~ /int main/) printf "%s%c", text, 0; on = 0}
                  on {text = text $0 "\n"}' "$page")
done
echo "1..$n"
