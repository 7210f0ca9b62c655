# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Debian packages on demand: sourced by examples/run and tests/run.

# need_packages PACKAGE... - install those that are missing, quietly.
#
# Where none is missing it needs neither root nor the network. Elsewhere than on
# Debian it leaves the search for what is missing to the build.
need_packages() {
    local installed package log missing=() as_root=()

    command -v dpkg-query >/dev/null || return 0
    installed=$(dpkg-query -W -f='${Package} ${db:Status-Status}\n' "$@" 2>/dev/null) || true
    for package; do
        grep -qxF -- "$package installed" <<<"$installed" || missing+=("$package")
    done
    ((${#missing[@]})) || return 0

    if ((EUID != 0)); then
        if ! command -v sudo >/dev/null; then
            echo "There is no sudo here; as root, run: apt-get install ${missing[*]}" >&2
            return 1
        fi
        as_root=(sudo)
    fi

    echo "Installing ${missing[*]}" >&2
    log=$(mktemp)
    if "${as_root[@]}" apt-get -q update >"$log" 2>&1 &&
        "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qy \
            -o DPkg::Lock::Timeout=600 --no-install-recommends \
            install "${missing[@]}" >>"$log" 2>&1 </dev/null; then
        rm -f -- "$log"
        return 0
    fi
    cat -- "$log" >&2
    rm -f -- "$log"
    echo "Not installed: ${missing[*]}" >&2
    return 1
}

# need_nginx FOLDER - has nginx in PATH, unpacked there where it is not installed: an
# installed one would be started, and listen.
need_nginx() {
    local folder=$1

    PATH=$PATH:/usr/sbin:$folder/nginx/usr/sbin
    command -v nginx >/dev/null && return 0
    rm -rf -- "$folder/nginx" && mkdir -p "$folder/nginx" &&
        (cd "$folder/nginx" && { apt-get -qq download nginx || {
            apt-get -qq update && apt-get -qq download nginx
        }; } && dpkg -x nginx_*.deb .) >/dev/null 2>&1 </dev/null
}
