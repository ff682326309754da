"""datasketch: MinHash.update_batch over word n-grams and MinHashLSH with explicit bands and rows; a
record is kept if the index knows nothing like it, and only then goes in. As its pages show; the
sketch is a copy of an empty one, so that permutations are drawn once."""

import rival_common as common

args = common.arguments()

import orjson  # noqa: E402
from datasketch import MinHash, MinHashLSH  # noqa: E402

clock = common.Clock()
lsh = MinHashLSH(num_perm=args.perms, params=(args.bands, args.rows))
empty = MinHash(num_perm=args.perms)
read = kept = 0
with open(args.source, "rb") as file, open(args.target, "wb") as out:
    for line in file:
        sketch = empty.copy()
        sketch.update_batch([gram.encode() for gram in
                             set(common.grams(orjson.loads(line)["text"], args.ngram))])
        if not lsh.query(sketch):
            lsh.insert(read, sketch, check_duplication=False)
            out.write(line)
            kept += 1
        read += 1
clock.lap("all")
clock.tell(read, kept)
