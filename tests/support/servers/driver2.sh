#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Version 2 of the C driver on a Debian that has only version 1:
#   driver2.sh FOLDER
#   PKG_CONFIG_PATH=FOLDER/driver2/lib/pkgconfig meson setup build
#
# Takes the static libraries of libmongoc-dev and libbson-dev from Debian's testing suite, which
# is read with lists of its own: the machine's sources and packages stay as they are. What they
# want and an older Debian has not is put beside them: strlcpy(), and in place of the newer
# libmongocrypt functions that abort, for sacrum encrypts no fields.
set -eu
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
. "$here/../packages.sh"

folder=${1:?usage: driver2.sh FOLDER}
folder=$(cd "$folder" && pwd -P)
made=$folder/driver2
[ "$made/lib/pkgconfig/mongoc2.pc" -nt "$here/driver2.sh" ] && exit 0
command -v apt-get >/dev/null || { echo 'no apt-get here' && exit 1; }
need_packages binutils gcc libssl-dev zlib1g-dev libzstd-dev libsnappy-dev libsasl2-dev libutf8proc-dev

work=$folder/work-driver2
rm -rf "$work" "$made"
mkdir -p "$work/state/lists/partial" "$work/cache/archives/partial" "$made/lib/pkgconfig" "$made/include"
echo 'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian testing main' \
    >"$work/sources.list"
apt() {
    (cd "$work" && apt-get -q -o Dir::State="$work/state" -o Dir::Cache="$work/cache" \
        -o Dir::Etc::SourceList="$work/sources.list" -o Dir::Etc::SourceParts=/dev/null \
        -o Acquire::Languages=none -o APT::Sandbox::User="$(id -un)" "$@")
}
apt update
apt download libmongoc-dev libbson-dev
for deb in "$work"/*.deb; do
    dpkg-deb -x "$deb" "$work/root"
done

libs=$(dirname "$(find "$work/root/usr/lib" -name libmongoc2.a)")
cp "$libs"/libmongoc2.a "$libs"/libbson2.a "$made/lib/"
cp -r "$work"/root/usr/include/*/ "$made/include/"

{
    echo '#include <stdlib.h>'
    echo '#include <string.h>'
    nm "$made/lib/libmongoc2.a" 2>/dev/null | sed -n 's/^ *U \(mongocrypt_[a-z0-9_]*\)$/\1/p' |
        sort -u | sed 's/.*/void &(void); void &(void) { abort(); }/'
} >"$work/crypt.c"
cat >"$work/strlcpy.c" <<'END'
#include <string.h>
__attribute__((weak)) size_t strlcpy(char *to, const char *from, size_t size);
size_t strlcpy(char *to, const char *from, size_t size)
{
    const size_t n = strlen(from);
    if (size) {
        const size_t fits = n < size ? n : size - 1;
        memcpy(to, from, fits);
        to[fits] = '\0';
    }
    return n;
}
END
gcc -O2 -fPIC -c -o "$work/crypt.o" "$work/crypt.c"
gcc -O2 -fPIC -c -o "$work/strlcpy.o" "$work/strlcpy.c"
ar rs "$made/lib/libmongoc2.a" "$work/crypt.o"
ar rs "$made/lib/libbson2.a" "$work/strlcpy.o"

version=$(sed -n 's/^Version: //p' "$libs/pkgconfig/mongoc2.pc")
cat >"$made/lib/pkgconfig/bson2.pc" <<END
Name: bson
Description: The libbson BSON serialization library
Version: $version
Libs: -L$made/lib -lbson2 -lrt -pthread
Cflags: -I$made/include/bson-$version
END
cat >"$made/lib/pkgconfig/mongoc2.pc" <<END
Name: mongoc
Description: The MongoDB C Database Driver library
Version: $version
Requires: bson2
Libs: -L$made/lib -lmongoc2 -lutf8proc -lssl -lcrypto -lsasl2 -lsnappy -lzstd -lz -lresolv -lm
Cflags: -DUTF8PROC_EXPORTS -I$made/include/mongoc-$version
END
rm -rf "$work"
echo "mongo-c-driver $version in $made"
