#!/usr/bin/env bash
# Every relative link of the README and docs/ leads to a file, and to a heading
# where it names one. TAP.
#   links.sh ROOT
set -u
cd "$1" || exit 1
n=0

anchors() { # as GitHub makes them of headings
    sed -nE '/^```/,/^```$/d; s/^#+ +//p' "$1" | tr '[:upper:]' '[:lower:]' |
        sed -E 's/[^a-z0-9 _-]//g; s/ /-/g'
}

leads() { # folder link
    local file=${2%%#*} anchor=
    [[ $2 == *'#'* ]] && anchor=${2#*#}
    [ -e "$1/$file" ] || return 1
    [ -z "$anchor" ] || anchors "$1/$file" | grep -qxF -- "$anchor"
}

for page in README.md docs/*.md docs/*/*.md; do
    n=$((n + 1))
    broken=
    while read -r link; do
        leads "$(dirname "$page")" "$link" || broken+="# no $link"$'\n'
    done < <(sed '/^```/,/^```$/d' "$page" | grep -oE '\]\([^)#:][^):]*\)' | sed -E 's/^\]\((.*)\)$/\1/' | sort -u)
    [ -z "$broken" ] || printf 'not '
    echo "ok $n - links of $page"
    printf '%s' "$broken"
done
echo "1..$n"
