#!/usr/bin/env bash
# Every public header alone, as C11 and as C++11, without a warning. TAP.
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
cd "$include" || exit 1
while read -r header; do
    check "${CC:-cc}" c11 c "${header#./}"
    if command -v "${CXX:-c++}" >/dev/null; then
        check "${CXX:-c++}" c++11 c++ "${header#./}"
    fi
done < <(find . -name '*.h' | sort)
echo "1..$n"
