#!/bin/sh
# setup.sh asks dpkg first: with everything there it does nothing and is quick; with something
# missing it says what, installs that and only that; and it fails when it cannot. dpkg-query and
# apt-get are stand-ins here, so nothing is installed by this test.
set -u
cd "$(dirname "$0")/../.." || exit 1

folder=${TAMIS_TMP:-$(mktemp -d)}
mkdir -p "$folder/bin" "$folder/tree/tools"
cp tools/setup.sh "$folder/tree/tools/"
passed=0 failed=0

check() {
    name=$1
    shift
    if "$@"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAIL: $name"
        cat "$folder/out"
    fi
}

stand_in() {
    printf '#!/bin/sh\n%s\n' "$2" >"$folder/bin/$1"
    chmod +x "$folder/bin/$1"
}

setup() {
    : >"$folder/calls"
    CALLS="$folder/calls" PATH="$folder/bin:$PATH" "$folder/tree/tools/setup.sh" build \
        >"$folder/out" 2>&1
}

calls() { test "$(cat "$folder/calls")" = "$1"; }
says() { grep -q -- "$1" "$folder/out"; }

all='shift 3; for name in "$@"; do echo "installed $name"; done'
stand_in apt-get 'echo "$*" >>"$CALLS"'
stand_in sudo '"$@"'

stand_in dpkg-query "$all"
check "all there: well" setup
check "all there: no call" calls ""
check "all there: silent" test ! -s "$folder/out"

stand_in dpkg-query "($all) | grep -v -e ' zlib1g-dev' -e 'installed gcc\$'"
check "two missing: well" setup
check "two missing: says them" says "installing with apt-get: gcc zlib1g-dev"
check "two missing: installs them alone" calls "update -q
install -q -y --no-install-recommends gcc zlib1g-dev"

stand_in apt-get 'exit 100'
check "no mirror: fails" eval '! setup'
check "no mirror: says so" says "are the Debian mirrors reachable"

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
