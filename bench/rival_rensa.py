"""rensa: full sketches (RMinHash.from_token_sets, a batch at a time) and RMinHashLSH; a record is
kept if the index knows nothing like it, and only then goes in. Not its sampled "rho" path, which
does not look at most of a document (so it has other recall, with insertions above all)."""

import rival_common as common

args = common.arguments()

import orjson  # noqa: E402
from rensa import RMinHash, RMinHashLSH  # noqa: E402

BATCH = 2000
clock = common.Clock()
lsh = RMinHashLSH(threshold=0.8, num_perm=args.perms, num_bands=args.bands)
read = kept = 0
with open(args.source, "rb") as file, open(args.target, "wb") as out:
    while True:
        lines = [line for _, line in zip(range(BATCH), file)]
        if not lines:
            break
        sets = [common.grams(orjson.loads(line)["text"], args.ngram) for line in lines]
        clock.lap("n-grams")
        sketches = RMinHash.from_token_sets(sets, num_perm=args.perms, seed=42)
        clock.lap("sketches")
        for line, sketch in zip(lines, sketches):
            if not lsh.query(sketch):
                lsh.insert(read, sketch)
                out.write(line)
                kept += 1
            read += 1
        clock.lap("index")
clock.tell(read, kept)
