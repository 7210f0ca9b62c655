#!/usr/bin/env bash
# Every public header alone, as C11 and as C++11, without a warning; and what
# the macros set comes first in its struct, in that order, as C++20 wants it. TAP.
set -u
include=$1
shift
n=0
check() { # compiler standard language header
    n=$((n + 1))
    if printf '#include <%s>\n' "$4" |
        $1 -std="$2" -x "$3" -Wall -Wextra -Wpedantic -Werror -fsyntax-only -I"$include" -; then
        echo "ok $n - $4 as $2"
    else
        echo "not ok $n - $4 as $2"
    fi
}
# A program that asserts it of every macro with `.size = sizeof(...)`.
first_members() {
    find . -name '*.h' | sort | sed 's,^\./\(.*\),#include <\1>,'
    find . -name '*.h' -exec cat {} + | awk '
        /^#define SAC_[A-Z_]*\(\.\.\.\)/ { on = 1; text = "" }
        on { text = text $0 }
        on && !/\\$/ {
            on = 0
            for (place = 0; match(text, /\.[a-z_]+ = sizeof\([a-z_]+\)/); place++) {
                split(substr(text, RSTART + 1, RLENGTH - 2), part, / = sizeof\(/)
                if (place == 0)
                    type = part[2]
                printf "_Static_assert(offsetof(%s, %s) == %d * sizeof(size_t), \"%s\");\n",
                    type, part[1], place, type
                text = substr(text, RSTART + RLENGTH)
            }
        }'
}
cd "$include" || exit 1
while read -r header; do
    check "${CC:-cc}" c11 c "${header#./}"
    if command -v "${CXX:-c++}" >/dev/null; then
        check "${CXX:-c++}" c++11 c++ "${header#./}"
    fi
done < <(find . -name '*.h' | sort)
n=$((n + 1))
if [ "$(first_members | grep -c _Static_assert)" -gt 20 ] &&
    first_members | ${CC:-cc} -std=c11 -x c -fsyntax-only -I. -; then
    echo "ok $n - what the macros set comes first"
else
    echo "not ok $n - what the macros set comes first"
fi
echo "1..$n"
