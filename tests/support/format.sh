#!/usr/bin/env bash
# Every file of C is as clang-format 14 lays it out (public headers, which are
# laid out by hand to be read, aside). TAP.
#   format.sh ROOT
set -u
cd "$1" || exit 1
if ! clang-format --version 2>/dev/null | grep -q 'version 14\.'; then
    echo '1..0 # SKIP no clang-format 14 here'
    exit 0
fi
n=0
while read -r file; do
    n=$((n + 1))
    if clang-format --dry-run -Werror "$file" 2>/dev/null; then
        echo "ok $n - $file"
    else
        echo "not ok $n - $file"
    fi
done < <(find lib tests examples -name node_modules -prune -o -name '*.[ch]' -print | sort)
echo "1..$n"
