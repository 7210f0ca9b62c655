#!/usr/bin/env bash
# Runs a program of tests of resources over MongoDB instead of LMDB, where a server is there.
uri=${SACRUM_TEST_MONGODB_URI:-${SACRUM_TEST_MONGODB_JAVA:-}}
if [ -z "$uri" ]; then
    echo '1..0 # SKIP no MongoDB-compatible server'
    exit 0
fi
export SACRUM_TEST_RESOURCES=${uri%/}/
exec "${0%/*}/tap.sh" "$@"
