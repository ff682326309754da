#!/usr/bin/env python3
"""Makes a messy chat dataset with known flaws: for the demo, tests and benchmarks.

    tools/make_demo.py OUT_FOLDER [--records N] [--seed N] [--files N] [--clean]

Writes chats-1.jsonl (with a byte order mark), chats-2.jsonl (CR LF line ends), chats-3.jsonl.gz,
...
and planted.json: how many flaws of each kind were planted, under the code that should find them,
where the first of each lies, and how many lines each file has. A record has at most one flaw, so
the counts must agree exactly. The same arguments give the same bytes. All text is put together
from the word lists below; nothing is taken from anywhere.
"""

import argparse
import gzip
import json
import os
import random

TOPICS = [
    "bread",
    "bicycles",
    "bees",
    "bridges",
    "candles",
    "clouds",
    "copper",
    "ferns",
    "glaciers",
    "ink",
    "kites",
    "lanterns",
    "lighthouses",
    "maps",
    "moss",
    "ovens",
    "paper",
    "pianos",
    "quilts",
    "rivers",
    "sails",
    "salt",
    "soap",
    "tides",
    "tunnels",
    "violins",
    "wells",
    "wool",
]
PLACES = [
    "a small harbour",
    "the hills",
    "an old workshop",
    "my kitchen",
    "the far north",
    "a school",
    "the coast",
    "a market town",
    "the museum",
    "our garden",
    "a night train",
    "the desert",
]
VERBS = [
    "explain",
    "compare",
    "describe",
    "summarise",
    "list",
    "plan",
    "check",
    "rewrite",
    "outline",
]
QUALITIES = ["simple", "careful", "short", "honest", "practical", "gentle", "precise", "cheerful"]
OPENERS = [
    "In brief,",
    "As far as I know,",
    "First of all,",
    "Most people find that",
    "Oddly enough,",
    "If you look closely,",
    "By and large,",
    "In the old days,",
    "For a start,",
    "Seen from afar,",
]
BODIES = [
    "{t} need patience more than skill",
    "{t} behave differently in {p}",
    "nobody in {p} agrees about {t}",
    "good {t} are made slowly, one step at a time",
    "you can learn a lot about {t} by watching someone from {p}",
    "the trouble with {t} is that they look easier than they are",
    "{t} from {p} last longer if they are kept dry",
    "two kinds of {t} are enough for most uses",
]
CLOSERS = [
    "Start small and keep notes.",
    "Ask again if something is unclear.",
    "That is all there is to it.",
    "Measure twice before you begin.",
    "The rest is practice.",
    "It helps to work in daylight.",
]
CODE = "\n\n```python\nfor step in range({n}):\n    print(step)  \n```\n\n"


def sentence(rng):
    opener, body = rng.choice(OPENERS), rng.choice(BODIES)
    return f"{opener} {body.format(t=rng.choice(TOPICS), p=rng.choice(PLACES))}."


def answer(rng):
    parts = [sentence(rng) for _ in range(rng.randint(1, 6))]
    if rng.random() < 0.05:
        parts = [" ".join(parts) + CODE.format(n=rng.randint(2, 99))]
    if rng.random() < 0.03:
        return rng.choice(["Yes.", "No.", "Blue.", "42", "Only on Sundays."])
    text = rng.choice(["\n\n", " "]).join(parts)
    return text + ("" if text.endswith("\n") else " ") + rng.choice(CLOSERS)


def question(rng, number):
    return (
        f"Please {rng.choice(VERBS)} {rng.choice(TOPICS)} in {rng.choice(PLACES)} in a "
        f"{rng.choice(QUALITIES)} way (request {number})."
    )


def chat(rng, number):
    messages = []
    if rng.random() < 0.3:
        messages.append({"role": "system", "content": f"You are a {rng.choice(QUALITIES)} helper."})
    for turn in range(rng.choice([1, 1, 1, 2, 3])):
        messages.append({"role": "user", "content": question(rng, f"{number}.{turn}")})
        messages.append({"role": "assistant", "content": answer(rng)})
    return {"messages": messages, "meta": {"id": number, "rating": rng.randint(1, 5)}}


def dump(record):
    return json.dumps(record, ensure_ascii=False)


def last(record):
    return record["messages"][-1]


# Each flaw: what it is called in planted.json, and a line made from a good record (bytes).
def broken(rng, record):
    line = dump(record)
    return line[: rng.randint(10, len(line) - 10)].encode()


def invalid_utf8(rng, record):
    last(record)["content"] += " @@"
    return dump(record).encode().replace(b"@@", rng.choice([b"\xff", b"\xc3\x28", b"\xe2\x82"]))


def control(rng, record):
    last(record)["content"] += rng.choice([" \u0007bell", " \u001b[0mdone", " \u0000nul"])
    return dump(record).encode()


def zero_width(rng, record):
    words = last(record)["content"].split(" ")
    words[0] += "\u200b"
    last(record)["content"] = " ".join(words)
    return dump(record).encode()


def trailing(rng, record):
    last(record)["content"] += "  "
    return dump(record).encode()


def empty_answer(rng, record):
    last(record)["content"] = rng.choice(["", " ", "\n"])
    return dump(record).encode()


def wrong_role(rng, record):
    last(record)["role"] = rng.choice(["narrator", "Asistant", "ai2"])
    return dump(record).encode()


def null_content(rng, record):
    last(record)["content"] = None
    return dump(record).encode()


def duplicate_key(rng, record):
    return dump(record).replace('{"messages"', '{"messages": [], "messages"', 1).encode()


def extra_fields(rng, record):
    record["x-trace"] = {"deep": [1, [2, {"three": None}]], "empty": {}, "é": "naïve"}
    return dump(record).encode()


def big_number(rng, record):
    number = rng.choice(["12345678901234567890123", "1.0", "1e400", "-0", "0.10000000000000000555"])
    return dump(record)[:-1].encode() + b', "cost": ' + number.encode() + b"}"


FLAWS = {
    "unreadable: broken JSON": broken,
    "unreadable: not UTF-8": invalid_utf8,
    "T1302 control characters": control,
    "T1303 zero-width characters": zero_width,
    "T1305 trailing space": trailing,
    "T1202 empty answers": empty_answer,
    "T1211 wrong roles": wrong_role,
    "T1216 null contents": null_content,
    "T1030 duplicate keys": duplicate_key,
    "kept: unknown fields": extra_fields,
    "kept: odd numbers": big_number,
}


def copy_of(rng, record):
    """The same conversation in other clothes: case and spacing."""
    twin = json.loads(json.dumps(record))
    for message in twin["messages"]:
        words = message["content"].split(" ")
        at = rng.randrange(len(words))
        words[at] = words[at].upper()
        message["content"] = "  ".join(words) if rng.random() < 0.5 else " ".join(words)
    return twin


def lines(count, seed, clean):
    """Yields (line, flaw or None)."""
    rng = random.Random(seed)
    good = []
    names = list(FLAWS)
    for number in range(count):
        record = chat(rng, number)
        dice = rng.random()
        if clean or dice >= 0.12:
            if len(good) < 500 and "```" not in dump(record):
                good.append(record)
            yield dump(record).encode(), None
        elif dice < 0.06 or not good:
            name = names[rng.randrange(len(names))]
            yield FLAWS[name](rng, record), name
        elif dice < 0.09:
            yield dump(rng.choice(good)).encode(), "T1701 exact duplicates"
        else:
            yield dump(
                copy_of(rng, rng.choice(good))
            ).encode(), "T1701 duplicates but for case and space"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder")
    parser.add_argument("--records", type=int, default=20000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--files", type=int, default=3)
    parser.add_argument("--clean", action="store_true", help="plant no flaws")
    args = parser.parse_args()
    os.makedirs(args.folder, exist_ok=True)
    planted, first, lengths, files = {}, {}, {}, []
    for number in range(args.files):
        name = os.path.join(
            args.folder, f"chats-{number + 1}.jsonl" + (".gz" if number == 2 else "")
        )
        raw = open(name, "wb")
        files.append(
            (
                gzip.GzipFile("", "wb", 6, raw, 0) if number == 2 else raw,
                raw,
                b"\r\n" if number == 1 else b"\n",
            )
        )
        if number == 0 and not args.clean:
            files[0][0].write(b"\xef\xbb\xbf")
    for number, (line, flaw) in enumerate(lines(args.records, args.seed, args.clean)):
        file = number * args.files // args.records
        out, raw, end = files[file]
        out.write(line + end)
        name = os.path.basename(raw.name)
        lengths[name] = lengths.get(name, 0) + 1
        if flaw:
            planted[flaw] = planted.get(flaw, 0) + 1
            first.setdefault(flaw, f"{name}:{lengths[name]}")
    for out, raw, _ in files:
        out.close()
        raw.close()
    with open(os.path.join(args.folder, "planted.json"), "w") as out:
        json.dump(
            {
                "records": args.records,
                "lines": lengths,
                "planted": dict(sorted(planted.items())),
                "first": dict(sorted(first.items())),
            },
            out,
            indent=1,
        )
        out.write("\n")


if __name__ == "__main__":
    main()
