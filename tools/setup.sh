#!/bin/sh
# Installs what is missing on Debian 12, and nothing that is there.
#
#   tools/setup.sh build    what `make` needs
#   tools/setup.sh test     build, and what the tests need (also a Python environment in .venv)
#   tools/setup.sh check    build, and clang with its tools and sanitizers
#   tools/setup.sh bench    test, and the rivals the benches run (some in build/rivals)
#
# dpkg is asked first: when everything is there this ends at once and the network is not touched.
# A Python index that cannot be reached is said and is no failure: the tests that need those
# packages skip.
set -u
cd "$(dirname "$0")/.." || exit 1

BUILD="gcc libc6-dev make pkg-config libzstd-dev zlib1g-dev libdeflate-dev libxxhash-dev
       libpcre2-dev libutf8proc-dev libyaml-dev libssl-dev"
TEST="libcmocka-dev python3 python3-dev python3-venv jq zstd gzip universal-ctags git
      openjdk-17-jre-headless"
CHECK="clang clang-format clang-tidy libclang-rt-14-dev universal-ctags python3 python3-dev
       libcmocka-dev jq"
BENCH="g++ libsimdjson-dev miller time"

level=${1:-build}
case $level in
build) packages=$BUILD wheels= ;;
test) packages="$BUILD $TEST" wheels="tools/requirements-test.txt" ;;
check) packages="$BUILD $CHECK" wheels= ;;
bench) packages="$BUILD $TEST $BENCH"
    wheels="tools/requirements-test.txt tools/requirements-bench.txt" ;;
*)
    echo "setup.sh: \"$level\" is not a level: say build, test, check or bench" >&2
    exit 2
    ;;
esac

# ---- Debian packages ---------------------------------------------------------------------------

missing_packages() {
    # shellcheck disable=SC2086  # the list is meant to be split
    there=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' $packages 2>/dev/null)
    for package in $packages; do
        case "
$there
" in
        *"
installed $package
"*) ;;
        *) printf '%s ' "$package" ;;
        esac
    done
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        echo "setup.sh: this needs root and there is no sudo: run as root: $*" >&2
        return 1
    fi
}

install_packages() {
    missing=$(missing_packages)
    [ -n "$missing" ] || return 0
    echo "setup.sh: installing with apt-get: $missing"
    as_root apt-get update -q >/dev/null || {
        echo "setup.sh: apt-get update failed: are the Debian mirrors reachable?" >&2
        return 1
    }
    # shellcheck disable=SC2086
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends \
        $missing >/dev/null || {
        echo "setup.sh: apt-get could not install: $missing" >&2
        return 1
    }
}

if command -v dpkg-query >/dev/null; then
    install_packages || exit 1
else
    echo "setup.sh: not a Debian system, so nothing is installed. Needed (Debian's names):" \
        $packages >&2
fi

# ---- Python packages, for the tests that ask other readers -------------------------------------

# The stamp holds the lists that were installed: an equal stamp means there is nothing to do.
# Wheels of a higher level stay when a lower one is asked for.
venv=.venv
wheels_are_there() {
    [ -x $venv/bin/python ] || return 1
    for list in $wheels; do
        cmp -s "$list" "$venv/installed-$(basename "$list")" || return 1
    done
}

make_venv() {
    [ -x $venv/bin/python ] && return 0
    python=/usr/bin/python3
    [ -x $python ] || python=python3
    # ensurepip may be missing: then the pip outside installs into the environment.
    $python -m venv $venv >/dev/null 2>&1 || $python -m venv --clear --without-pip $venv
}

# pyspark comes as its sources only; they hold its jars.
pip_install() {
    pip="$venv/bin/python -m pip"
    $pip --version >/dev/null 2>&1 || pip="python3 -m pip --python $venv/bin/python"
    $pip --quiet --disable-pip-version-check --no-input --timeout 20 --retries 1 \
        install --only-binary :all: --no-binary pyspark "$@"
}

install_wheels() {
    wheels_are_there && return 0
    args=
    for list in $wheels; do
        echo "setup.sh: installing into $venv:" $(sed '/^#/d' "$list")
        args="$args -r $list"
    done
    # shellcheck disable=SC2086
    if make_venv && pip_install $args; then
        for list in $wheels; do
            cp "$list" "$venv/installed-$(basename "$list")"
        done
    else
        echo "setup.sh: no Python packages (is the index reachable?): the tests that compare with" \
            "other readers will skip" >&2
    fi
}

[ -z "$wheels" ] || install_wheels

# The rivals of dedup.near name packages in versions that exclude each other: they have a place
# of their own, and get what is in their list and nothing else.
if [ "$level" = bench ]; then
    mkdir -p build
    venv=build/rivals wheels=bench/requirements-near.txt PIP_NO_DEPS=1
    export PIP_NO_DEPS
    install_wheels
fi
exit 0
