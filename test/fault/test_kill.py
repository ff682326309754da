"""Kills a run at random moments and starts it again: what comes out is what an undisturbed run
gives, byte for byte.

The run has two set steps (dedup.exact, shuffle) and so little memory that it spills. 200 moments
in `make kill` (TAMIS_FULL=1), 20 in `make test`. A moment is drawn over the whole length of a run,
and a resumed run is killed again with a probability of a third."""
# time-limit: 240

import os
import random
import subprocess
import time

import faultkit
from faultkit import FULL, TAMIS

SEED = int(os.environ.get("TAMIS_SEED", "20260731"))
ROUNDS = 200 if FULL else 20
MEGABYTES = 24
MEMORY = "68MiB"

RECIPE = """seed: 11
inputs:
  a: {path: a.jsonl}
  b: {path: b.jsonl.zst}
steps:
  - check.record: {then: park}
  - clean.text: {on: response}
  - dedup.exact: {by: [prompt, response]}
  - shuffle
output: {format: jsonl.zst, ledger: signals, shard: 4MiB}
"""


class Kills(faultkit.Case):
    """One recipe, many deaths."""

    def setUp(self):
        super().setUp()
        faultkit.sized(self.path("a.jsonl"), MEGABYTES // 2, 1)
        faultkit.sized(self.path("b.jsonl"), MEGABYTES // 2, 2)
        self.tamis("cat", "b.jsonl", "-o", "b.jsonl.zst")
        with open(self.path("recipe.yaml"), "w", encoding="ascii") as out:
            out.write(RECIPE)

    def start(self, out, threads):
        words = [TAMIS, "run", "recipe.yaml", "-o", out, "--quiet", "--memory", MEMORY]
        return subprocess.Popen([*words, "--threads", str(threads)], cwd=self.folder,
                                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def finish(self, child):
        said = child.communicate(timeout=120)[1].decode("utf-8", "replace")
        return child.returncode, said

    def test_a_killed_run_goes_on_to_the_same_bytes(self):
        chance = random.Random(SEED)
        begin = time.monotonic()
        self.assertEqual(self.finish(self.start("whole/", 2)), (0, ""))
        length = time.monotonic() - begin
        whole, names = self.result("whole"), sorted(faultkit.tree(self.path("whole")))
        spilled = int(self.told("whole")["spilled_bytes"])
        self.assertGreater(spilled, 1 << 20, "this run does not spill: less memory is needed")
        killed = resumed = finished = 0
        for turn in range(ROUNDS):
            out = "out-%d/" % turn
            deaths = []
            while True:
                child = self.start(out, chance.choice((1, 2)))
                if deaths and chance.random() < 0.67:
                    break
                deaths.append(round(chance.random() * length * 1.05, 4))
                time.sleep(deaths[-1])
                child.kill()
                self.finish(child)
                killed += 1
            story = "seed %d, turn %d, killed after %s s" % (SEED, turn, deaths)
            code, said = self.finish(child)
            if code == 2 and "finished run" in said:
                finished += 1  # it was killed when the result was there already
            else:
                self.assertEqual((code, said), (0, ""), story)
                self.assertEqual(sorted(faultkit.tree(self.path(out))), names, story)
                resumed += self.told(out)["resumed"]
            self.assertEqual(self.result(out), whole, story)
            subprocess.run(["rm", "-rf", self.path(out)], check=True)
        print("seed %d: %d runs killed %d times; %d took decisions up, %d were finished already; "
              "%d bytes spilled" % (SEED, ROUNDS, killed, resumed, finished, spilled))

    def told(self, out):
        with open(self.path(out, "run.json"), encoding="utf-8") as file:
            return faultkit.json.load(file)
