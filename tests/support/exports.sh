#!/usr/bin/env bash
# What the libraries export against the reviewed list. TAP.
#   exports.sh LIST LIBRARY...
# A line of the list is a library and a symbol; the lines are sorted. A static
# library (.a) has no list: all its global names must begin with sac_ (public)
# or sac__ (private), so that none of them can be the host program's.
#
# After a change of the public calls, write the list anew and review its diff:
#   tests/support/exports.sh --update BUILD
# with a build folder in which all libraries are built and shared.
set -u
export LC_ALL=C

library_name() { # file
    basename "$1" | sed -E 's/\.(so|a)(\..*)?$//'
}

exported() { # file
    nm -D --defined-only "$1" | awk '{print $3}' | grep -v '@' | sort
}

update() { # build
    local list=${BASH_SOURCE[0]%/*}/../exports.txt library
    find "$1/lib" -name 'libsacrum*.so' | sort | while read -r library; do
        exported "$library" | sed "s/^/$(library_name "$library") /"
    done | sort >"$list.new"
    for library in libsacrum libsacrum-libevent libsacrum-lmdb libsacrum-microhttpd; do
        if ! grep -q "^$library " "$list.new"; then
            echo "$library is not built in $1" >&2
            rm "$list.new"
            return 1
        fi
    done
    mv "$list.new" "$list"
}

exports_the_list() { # library
    diff <(sed -n "s/^$(library_name "$1") //p" "$list" | sort) <(exported "$1")
}

keeps_its_prefix() { # archive
    local others
    others=$(nm --defined-only -g -f posix "$1" | awk 'NF > 2 && $1 !~ /^sac_/ {print $1}')
    echo "$others"
    [ -z "$others" ]
}

check() { # library
    local said
    n=$((n + 1))
    if [ "${1%.a}" != "$1" ]; then
        set -- "$1" keeps_its_prefix "$(basename "$1") has no global name without sac_"
    else
        set -- "$1" exports_the_list "$(library_name "$1") exports what tests/exports.txt lists"
    fi
    if said=$("$2" "$1"); then
        echo "ok $n - $3"
    else
        echo "not ok $n - $3"
        sed 's/^/# /' <<<"$said"
    fi
}

if [ "$1" = --update ]; then
    update "$2"
    exit
fi
list=$1 n=0
shift
for library in "$@"; do
    check "$library"
done
echo "1..$n"
