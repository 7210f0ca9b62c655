#!/usr/bin/env bash
# Every public call is named in a page of docs/reference: one test a header. TAP.
#   mentioned.sh ROOT
set -u
cd "$1" || exit 1
n=0
named=$(grep -rohE '\bsac_[a-z0-9_]+' docs/reference | sort -u)
while read -r header; do
    calls=$(sed -nE '/^SAC_API/s/^[^(]*\b(sac_[a-z0-9_]+)\(.*/\1/p' "$header" | sort -u)
    [ -n "$calls" ] || continue
    n=$((n + 1))
    missing=$(comm -23 <(printf '%s\n' "$calls") <(printf '%s\n' "$named"))
    if [ -n "$missing" ]; then
        echo "not ok $n - ${header#include/}"
        sed 's/^/# no page names /' <<<"$missing"
    else
        echo "ok $n - ${header#include/}"
    fi
done < <(find include -name '*.h' | LC_ALL=C sort)
echo "1..$n"
