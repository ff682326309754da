"""Decontamination by 13-grams, JSONL file to JSONL file: datatrove's n-gram filter, and what one
writes in an afternoon, a Python set of n-grams.

Rivals read a small file (they are slow), we the same one. datatrove tokenises words (nltk) after
folding case and taking punctuation out; both sides must drop the same number of documents. Its own
indexer asks for lighteval and its benchmarks: the index is made here by the same functions. decon
(allenai) is on no package registry, so there is nothing to build it from by name."""

import json
import os
import random
import sys

import benchkit as kit

SMALL, LEAST = 40, 4  # MB; LEAST: for datatrove, which takes minutes a run for the other
DATATROVE = """
import sys
from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.decont.n_grams import NGramsDecontConfig, NGramsDecontFilter
from datatrove.pipeline.readers import JsonlReader
from datatrove.pipeline.writers import JsonlWriter
folder, index, out, logs = sys.argv[1:5]
LocalPipelineExecutor([
    JsonlReader(folder, text_key="text"),
    NGramsDecontFilter(index, config=NGramsDecontConfig(n_grams=13)),
    JsonlWriter(out, output_filename="${rank}.jsonl", compression=None),
], tasks=1, workers=1, logging_dir=logs, skip_completed=False).run()
"""
SET = """
import json, re, sys
words = re.compile(r"\\w+").findall
def grams(text):
    w = words(text.lower())
    return (" ".join(w[i:i + 13]) for i in range(len(w) - 12))
with open(sys.argv[2], encoding="utf-8") as file:
    known = {g for line in file for g in grams(json.loads(line)["text"])}
with open(sys.argv[1], encoding="utf-8") as file, open(sys.argv[3], "w", encoding="utf-8") as out:
    out.writelines(x for x in file if known.isdisjoint(grams(json.loads(x)["text"])))
"""
INDEX = """
import json, sys
import numpy as np
from datatrove.pipeline.decont.n_grams import NGramsDecontConfig
from datatrove.utils.hashing import create_hash_func
from datatrove.utils.text import ngrams, simplify_text
from datatrove.utils.word_tokenizers import load_word_tokenizer
config = NGramsDecontConfig(n_grams=13)
words, hash_of = load_word_tokenizer("eng"), create_hash_func(config.hash_config)
found = set()
for line in open(sys.argv[1]):
    tokens = words.word_tokenize(simplify_text(json.loads(line)["text"], config.norm_config))
    found.update(map(hash_of, map(" ".join, ngrams(tokens, 13))))
np.array(sorted(found), dtype=config.hash_config.np_descr).tofile(sys.argv[2])
"""


def planted(path, share=0.01, seed=5):
    """(file, benchmark): plain words of `path`; a benchmark of 2,000 questions of 40 words of
    other documents, one of which stands in every hundredth document."""
    target, exam = path.replace(".jsonl", "-exam.jsonl"), path.replace(".jsonl", "-ref.jsonl")
    if os.path.exists(target) and os.path.exists(exam):
        return target, exam
    chance = random.Random(seed)
    with open(path, encoding="utf-8") as file:
        texts = [json.loads(line)["text"] for line in file]
    plain = ["".join(c if "a" <= c <= "z" else " " for c in text.lower()) for text in texts]
    words = sorted({word for text in plain for word in text.split()})
    exams = [" ".join(chance.choice(words) for _ in range(40)) for _ in range(2000)]
    with open(target + ".new", "w", encoding="utf-8") as out:
        for number, text in enumerate(plain):
            if chance.random() < share:
                text = text[:200] + " " + chance.choice(exams) + text[200:]
            out.write(json.dumps({"text": text, "id": str(number)}) + "\n")
    with open(exam, "w", encoding="utf-8") as out:
        out.writelines(json.dumps({"text": text}) + "\n" for text in exams)
    os.rename(target + ".new", target)
    return target, exam


def count(path):
    with open(path, "rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))


def ours(path, exam, *more):
    return [kit.TAMIS, "decontaminate", path, "--against", exam, "--threads", "1", "-q", "-o",
            "-", *more]


def against_datatrove():
    path, exam = planted(kit.words("docs", LEAST))
    folder, index = path + "-in", path + "-index"
    for made in (folder, index):
        os.makedirs(made, exist_ok=True)
    link = os.path.join(folder, "0.jsonl")
    if not os.path.exists(link):
        os.link(path, link)
    python = os.environ.get("TAMIS_RIVALS", os.path.join(kit.ROOT, "build/rivals/bin/python"))
    try:
        kit.once([python, "-c", INDEX, exam, os.path.join(index, "exam.index.hashes")])
    except RuntimeError as why:
        raise kit.Missing(f"datatrove with nltk or spacy is not installed: {why}") from why
    out, other = os.path.join(kit.OUT, "ours.out"), os.path.join(kit.OUT, "theirs")
    command = ours(path, exam, "--short", "none")
    theirs = [python, "-c", DATATROVE, folder, index, other, os.path.join(kit.FOLDER, "logs")]
    kit.once(command, out), kit.once(theirs)
    kept, same = count(out), count(os.path.join(other, "00000.jsonl"))
    if kept != same or kept == count(path):
        raise RuntimeError(f"datatrove keeps {same}, we keep {kept} of {count(path)}")
    a, b = kit.pair(command, theirs, out, runs=min(kit.RUNS, 3))
    return kit.claim("decontaminate-datatrove", "decontamination by 13-grams, 1 thread",
                     "datatrove, 1 worker", 100, a, b, kit.describe(path))


def against_a_set():
    path, exam = planted(kit.words("docs", SMALL))
    out, other = os.path.join(kit.OUT, "ours.out"), os.path.join(kit.OUT, "theirs.out")
    command = ours(path, exam, "--short", "none")
    theirs = [sys.executable, "-c", SET, path, exam, other]
    kit.once(command, out), kit.once(theirs)
    if count(out) != count(other):
        raise RuntimeError(f"the set keeps {count(other)}, we keep {count(out)}")
    a, b = kit.pair(command, theirs, out)
    speed = os.path.getsize(path) / 1e6 / a["wall"]
    return kit.claim("decontaminate-set", "decontamination by 13-grams, 1 thread",
                     "a Python set of n-grams", 20, a, b, kit.describe(path),
                     note=f"{speed:.0f} MB/s with the making of the table")


if __name__ == "__main__":
    kit.main(lambda: against_a_set() & against_datatrove())
