#!/bin/sh
# Writes the generated pages of docs/reference from the program itself.
#
#   tools/gen_docs.sh           writes them (make docs)
#   tools/gen_docs.sh --check   fails when one is out of date, and says which
#
# TAMIS names the program (build/release/tamis). What a page says comes from the descriptors in
# src/; to change a sentence, change it there.
set -eu
cd "$(dirname "$0")/.."
exec python3 -B tools/gen_docs.py --tamis "${TAMIS:-build/release/tamis}" "$@"
