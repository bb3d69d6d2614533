#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Bundles of a size that nobody could hold: 100 MB on one line, and what an attacker makes of JSON, each within 32 MiB
of address space for the whole loader."""
import pathlib
import sys
import tempfile
import time

import loading
from tap import Tap

BUILD = pathlib.Path(sys.argv[2])
LOADER = BUILD / "daemon" / "bridle-loader"
MEMORY = 32 << 20
INDICATORS = 130_000
BUILT = "2024-01-26T21:28:21.013288Z"
LIMIT_S = 60  # for a machine that does other things, too: it takes two or three seconds


def pair(n):
    """An indicator and its relationship, as the feeds for MVT have them."""
    common = f'"spec_version": "2.1", "created": "{BUILT}", "modified": "{BUILT}"'
    return (f'{{"type": "indicator", "id": "indicator--05b7c427-1452-437e-a19e-{n:012x}", {common}, '
            f'"indicator_types": ["malicious-activity"], "pattern": "[domain-name:value=\'n{n:x}.example{n % 999}.com\']", '
            f'"pattern_type": "stix", "pattern_version": "2.1", "valid_from": "{BUILT}"}}, '
            f'{{"type": "relationship", "id": "relationship--657ec923-bcf2-4d19-8dc5-{n:012x}", {common}, '
            f'"relationship_type": "indicates", "source_ref": "indicator--05b7c427-1452-437e-a19e-{n:012x}", '
            f'"target_ref": "malware--{n % 20}"}}, ')


def write_large(path):
    with open(path, "w", encoding="ascii") as file:
        file.write('{"objects": [')
        for first in range(0, INDICATORS, 1000):
            file.write("".join(map(pair, range(first, first + 1000))))
        for n in range(20):
            file.write(f'{{"type": "malware", "id": "malware--{n}", "name": "Family {n}"}}, ')
        file.write('{"type": "note"}], "type": "bundle"}')


def check_large(tap, folder):
    path = folder / "large.stix2"
    write_large(path)
    size, start = path.stat().st_size, time.monotonic()
    report = loading.load(LOADER, "--memory", MEMORY, path)
    took = time.monotonic() - start
    tap.ok(size > 90_000_000, f"a bundle of {size} bytes on one line")
    problems = [n for n in report.notes if n.kind != "advice"]
    tap.same((report.exit, report.total, problems), (loading.OK, INDICATORS, []), "it is loaded within 32 MiB")
    tap.ok(took < LIMIT_S, f"in {took:.1f} s")
    tap.ok(len(report.progress) > 10 and report.progress == sorted(report.progress) and
           report.progress[-1][0] == size, "progress is told on the way", report.progress)
    tap.ok(b"Family 7" in report.image, "names that stand behind everything else are found")


def repeated(start, piece, times, end):
    yield start
    for _ in range(times // 1000):
        yield piece * 1000
    yield end


HOSTILE = {
    # more than a million links, then an indicator
    "links": (repeated('{"type":"bundle","objects":[', '{"type":"relationship","relationship_type":"indicates",'
                       '"source_ref":"indicator--1","target_ref":"malware--1"},', 1_200_000,
                       '{"type":"indicator","pattern":"[domain-name:value=\'good.example.com\']"}]}'),
              1, "campaigns are missing"),
    "a report about everything": (repeated('{"objects":[{"object_refs":["x"', ',"indicator--1"', 3_000_000,
                                           '],"type":"report","id":"report--1","name":"R"}]}'),
                                  0, "campaigns are missing"),
    "a text without end": (repeated('{"objects":[{"type":"indicator","pattern":"', "x" * 64, 1_000_000, '"}]}'),
                           0, "longer than 65536"),
    "a key without end": (repeated('{"', "\\u0061" * 10, 1_000_000, '":1,"objects":[]}'), 0, "no indicators"),
    "a number without end": (repeated('{"objects":[{"revoked":1', "0123456789", 5_000_000, '}]}'), 0, "no indicators"),
    "nothing but opening brackets": (repeated('{"objects":', "[", 1_000_000, ""), 0, "too deep"),
    "empty objects": (repeated('[{}', ',{}', 10_000_000, ']'), 0, "no indicators"),
    "white space": (repeated('{"objects":', "\n \t\r" * 16, 1_000_000, '[]}'), 0, "no indicators"),
    "half a bundle": (repeated('{"objects":[', '{"type":"indicator","pattern":"[domain-name:value=\'a.example.com\']"},',
                               500_000, ""), 0, "nothing of it was loaded"),
    "no pattern at all": (repeated('{"objects":[{}', ',{"type":"indicator"}', 1_000_000, ']}'), 0, "this is no list"),
}


def check_hostile(tap, folder):
    for name, (pieces, total, text) in HOSTILE.items():
        path = folder / "hostile.json"
        with open(path, "w", encoding="ascii") as file:
            file.writelines(pieces)
        report = loading.load(LOADER, "--memory", MEMORY, path)
        tap.same((report.exit, report.total), (loading.OK if total else loading.INCOMPLETE, total), name)
        tap.ok(any(text in n.text for n in report.notes), f"{name}: told", [n.text for n in report.notes[:3]])
        path.unlink()


def check_attack(tap, folder):
    """Patterns that cost as much as a pattern can."""
    path = folder / "attack.json"
    terms = " AND ".join(["a:b='x'"] * 4000)
    deep = "[" + "(" * 29 + "a:b='x'" + ")" * 29 + "]"
    with open(path, "w", encoding="ascii") as file:
        file.write('{"objects":[{}')
        for _ in range(300):
            file.write(f',{{"type":"indicator","pattern":"[{terms}]"}},{{"type":"indicator","pattern":"{deep}"}}')
        file.write("]}")
    start = time.monotonic()
    report = loading.load(LOADER, "--memory", MEMORY, path)
    tap.same((report.exit, report.count("not-network")), (loading.INCOMPLETE, 300 * 4001), "each comparison is counted")
    tap.ok(time.monotonic() - start < LIMIT_S, f"long patterns take {time.monotonic() - start:.1f} s")


def main():
    tap = Tap()
    for check in (check_large, check_hostile, check_attack):
        with tempfile.TemporaryDirectory() as folder:
            check(tap, pathlib.Path(folder))
    return tap.done()


sys.exit(main())
