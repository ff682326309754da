"""MinHash signatures and band keys by the packages themselves: datasketch, datatrove, text-dedup.

Run by the Python that has them (build/rivals, made by tools/setup.sh bench), asked on standard
input with JSON: {"tool", "hash", "language", "ngram", "bands", "rows", "hashes", "least", "seed",
"texts"}. Answers JSON: a list, for each text null where the tool leaves it out, else [[values],
[keys in hex]]; or the words joined by a space, where "hash" is "words". {"about": true} answers the
versions of packages and Unicode.
"""

import json
import os
import re
import struct
import sys
import unicodedata

os.environ["HF_HUB_OFFLINE"] = "1"

WORDS = re.compile(r"\w+").findall


def grams(text, n):
    words = WORDS(text.lower())
    if len(words) < n:
        return [" ".join(words)] if words else []
    return [" ".join(words[i:i + n]) for i in range(len(words) - n + 1)]


def datasketch(ask, scheme):
    from datasketch import MinHash, MinHashLSH
    lsh = MinHashLSH(num_perm=ask["hashes"], params=(ask["bands"], ask["rows"]))
    for text in ask["texts"]:
        pieces = grams(text, ask["ngram"])
        if not pieces:
            yield None
            continue
        sketch = MinHash(num_perm=ask["hashes"], seed=ask["seed"], scheme=scheme)
        sketch.update_batch([piece.encode() for piece in pieces])
        keys = [lsh._H(sketch.hashvalues[a:b]) for a, b in lsh.hashranges]
        yield [sketch.digest().tolist(), [key.hex() for key in keys]]


def datatrove_step(ask, precision):
    from datatrove.pipeline.dedup import MinhashDedupSignature
    from datatrove.pipeline.dedup.minhash import MinhashConfig
    from datatrove.utils.hashing import HashConfig
    from datatrove.utils.typeshelper import Languages
    config = MinhashConfig(
        n_grams=ask["ngram"], num_buckets=ask["bands"], hashes_per_bucket=ask["rows"],
        seed=ask["seed"], hash_config=HashConfig(
            precision=precision, hash_fc="sha1" if ask["hash"] == "sha1" else "xxhash"))
    # Abaza has no tokenizer of its own: spaCy's for no language in particular.
    language = Languages.english if ask["language"] == "en" else "abq"
    return MinhashDedupSignature("/nonexistent", config, language=language)


def datatrove(ask, precision):
    step = datatrove_step(ask, precision)
    pack = "<%d%s" % (ask["rows"], step.config.hash_config.struct_format)
    for text in ask["texts"]:
        shingles = step.get_shingles(text)
        if shingles.size == 0:
            yield None
            continue
        buckets = step.get_signature(shingles)
        yield [[x for bucket in buckets for x in bucket],
               [struct.pack(pack, *bucket).hex() for bucket in buckets]]


def datatrove_words(ask):
    from datatrove.utils.text import simplify_text
    step = datatrove_step(ask, 64)
    for text in ask["texts"]:
        yield " ".join(step.word_tokenizer.word_tokenize(simplify_text(text)))


def text_dedup(ask, bits):
    """Its main() makes all this inside; embed_func, which does the work, is its own."""
    import numpy as np
    from text_dedup import minhash
    from text_dedup.utils import sha1_hash, xxh3_32hash
    dtype, prime = {64: (np.uint64, np.uint64((1 << 61) - 1)),
                    32: (np.uint32, np.uint32((1 << 32) - 5))}[bits]
    rng = np.random.RandomState(minhash.SEED)
    permutations = (rng.randint(1, prime, size=(ask["hashes"],), dtype=dtype),
                    rng.randint(0, prime, size=(ask["hashes"],), dtype=dtype))
    rows = ask["rows"]
    width = np.dtype(dtype).itemsize
    for text in ask["texts"]:
        if len(minhash.NON_ALPHA.split(text.lower())) < ask["least"]:
            yield None
            continue

        def sketch(ranges):
            return minhash.embed_func(
                text, 0, num_perm=ask["hashes"], ngram_size=ask["ngram"], min_length=ask["least"],
                hashranges=ranges, permutations=permutations,
                hash_func=xxh3_32hash if ask["hash"] == "xxhash" else sha1_hash, dtype=dtype,
                max_hash=np.uint32((1 << 32) - 1), modulo_prime=prime)[minhash.SIGNATURE_COLUMN]
        keys = sketch([(i * rows, (i + 1) * rows) for i in range(ask["bands"])])
        values = sketch([(i, i + 1) for i in range(ask["hashes"])])
        assert all(len(value) == width for value in values)
        yield [[int.from_bytes(value, "big") for value in values], [key.hex() for key in keys]]


def text_dedup_spark(ask):
    """Its functions on one text; Spark itself is not needed for them, and stood in for."""
    from unittest.mock import MagicMock
    for name in ("pyspark", "pyspark.sql", "pyspark.sql.functions", "pyspark.sql.types",
                 "graphframes"):
        sys.modules.setdefault(name, MagicMock())
    import numpy as np
    from text_dedup import minhash_spark as spark
    rng = np.random.RandomState(spark.SEED)
    permutations = (rng.randint(1, spark.MOD_PRIME, size=(ask["hashes"],), dtype=spark.DTYPE),
                    rng.randint(0, spark.MOD_PRIME, size=(ask["hashes"],), dtype=spark.DTYPE))
    rows = ask["rows"]
    for text in ask["texts"]:
        if not spark.ngrams_length_check(text, ask["ngram"], ask["least"]):
            yield None
            continue

        def sketch(ranges):
            return [key for _, key, _ in spark.generate_hash_values(
                text, 0, ask["hashes"], ask["ngram"], ask["least"], ranges, permutations)]
        keys = sketch([(i * rows, (i + 1) * rows) for i in range(ask["bands"])])
        values = sketch([(i, i + 1) for i in range(ask["hashes"])])
        yield [[int.from_bytes(value, "little") for value in values], [key.hex() for key in keys]]


def about():
    from importlib.metadata import version
    return {"packages": {name: version(name) for name in
                         ("datasketch", "datatrove", "spacy", "text-dedup", "numpy")},
            "unicode": unicodedata.unidata_version}


def main():
    ask = json.load(sys.stdin)
    if ask.get("about"):
        answer = about()
    elif ask["hash"] == "words":
        answer = list(datatrove_words(ask))
    else:
        answer = list({"datasketch": lambda: datasketch(ask, "affine32"),
                       "datasketch-64": lambda: datasketch(ask, "affine64"),
                       "datasketch-legacy": lambda: datasketch(ask, "legacy"),
                       "datatrove": lambda: datatrove(ask, 64),
                       "datatrove-32": lambda: datatrove(ask, 32),
                       "text-dedup": lambda: text_dedup(ask, 64),
                       "text-dedup-32": lambda: text_dedup(ask, 32),
                       "text-dedup-spark": lambda: text_dedup_spark(ask)}[ask["tool"]]())
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
