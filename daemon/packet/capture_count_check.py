#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Compares the packet counts of recorded captures with those that another program found.

capture_count_check.py CAPTURE_COUNT CORPUS: skips (77) where the corpus is not. The environment's BRIDLE_SHARED
names the folder that CORPUS stands in otherwise."""
import json
import os
import subprocess
import sys


def main():
    program, corpus = sys.argv[1:3]
    if "BRIDLE_SHARED" in os.environ:
        corpus = os.path.join(os.environ["BRIDLE_SHARED"], "corpus")
    if not os.path.exists(os.path.join(corpus, "truth.json")):
        print(f"no captures in {corpus}: skipped")
        return 77
    with open(os.path.join(corpus, "truth.json")) as f:
        captures = json.load(f)["pcaps"]
    wrong = 0
    for begin in range(0, len(captures), 100):
        some = captures[begin:begin + 100]
        paths = [os.path.join(corpus, "pcaps", c["file"]) for c in some]
        lines = subprocess.run([program, *paths], check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
        assert len(lines) == len(some), "one line a file"
        for capture, line in zip(some, lines):
            fields = line.split()
            if int(fields[2]) != capture["packets"]:
                print(f"{capture['file']}: {capture['packets']} packets expected: {line}")
                wrong += 1
    print(f"{len(captures)} captures, {wrong} with another number of packets")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
