#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""MISP events, lists of guards and hosters' ranges of a size that nobody could hold, and what an attacker makes of them,
each within 32 MiB of address space for the whole loader."""
import itertools
import pathlib
import sys
import tempfile

import loading
from tap import Tap

BUILD = pathlib.Path(sys.argv[2])
LOADER = BUILD / "daemon" / "bridle-loader"
MEMORY = 32 << 20
ATTRIBUTE = '{"type":"domain","to_ids":true,"value":"%s"}'


def repeated(start, piece, times, end):
    yield start
    for _ in range(times // 1000):
        yield piece * 1000
    yield end


def numbered(start, piece, times, end):
    yield start
    yield from (piece.replace("#", str(n)) for n in range(times))
    yield end


FILES = {
    # what; pieces; counts that matter; a part of a text that is told, or None
    "attributes of no network": (
        repeated('{"Event":{"Attribute":[' + ATTRIBUTE % "first.example.com", ',{"type":"sha256","value":"00","comment":"x"}',
                 600_000, '],"info":"x"}}'), {"loaded": 1, "not-network": 600_000}, "600000 of this kind"),
    "names on one line": (
        numbered('{"Event":{"info":"x","Attribute":[' + ATTRIBUTE % "a.example.com", "," + ATTRIBUTE % "n#.example.com",
                 100_000, "]}}"), {"loaded": 100_001}, None),
    "more events than are remembered": (
        numbered('{"response":[{}', ',{"Event":{"info":"Title #","Orgc":{"name":"Lab #"},"Attribute":['
                 + ATTRIBUTE % "a.example.com" + "]}}", 60_000, "]}"), {"loaded": 1, "duplicate": 59_999},
        "more events than are remembered"),
    "titles without end": (
        numbered('{"response":[{}', ',{"Event":{"info":"' + "x" * 3000 + '#","Attribute":[' + ATTRIBUTE % "a.example.com"
                 + "]}}", 20_000, "]}"), {"loaded": 1, "duplicate": 19_999}, None),
    "a value without end": (
        repeated('{"Event":{"info":"x","Attribute":[{"type":"domain","value":"', "x" * 64, 1_000_000, '"}]}}'),
        {"malformed": 1}, "too long"),
    "tags without end": (
        repeated('{"Event":{"Attribute":[' + ATTRIBUTE % "a.example.com" + '],"Tag":[{}', ',{"name":"x"}', 2_000_000, "]}}"),
        {"loaded": 1}, None),
    "what is nested in an attribute": (
        repeated('{"Event":{"Attribute":[' + ATTRIBUTE % "a.example.com" + ',{"ShadowAttribute":[{}', ',{"value":[[[]]]}',
                 2_000_000, ']}]}}'), {"loaded": 1, "malformed": 1}, "without type or value"),
    "half an event": (
        repeated('{"Event":{"Attribute":[' + ATTRIBUTE % "a.example.com", "," + ATTRIBUTE % "b.example.com", 200_000, ""),
        {}, "nothing of it was loaded"),
    "an index without end": (
        repeated('{"59513ebe-4144-4e2d-8670-06b38e96ca05":{"info":"x"}', ',"59513ebe-4144-4e2d-8670-06b38e96ca06":{}',
                 500_000, "}"), {}, "500001 events"),
    "guards without end": (
        numbered('{"type":"hostname","name":"x","list":["a.example.com"', ',"n#.example.com"', 400_000, "]}"),
        {}, "more guards than one load may have"),
    "patterns as guards": (
        repeated('{"type":"regex","name":"x","list":["x"', ',"/x/"', 500_000, "]}"), {"malformed": 100_000},
        "this is no list"),
    "one range for ever": (
        repeated('{"prefixes":[{"ip_prefix":"192.0.2.0/24","service":"S3","region":"x"}',
                 ',{"ip_prefix":"192.0.2.0/24","service":"EC2","region":"y"}', 500_000, "]}"), {}, None),
    "tags of ranges without end": (
        numbered('{"prefixes":[{"ip_prefix":"192.0.2.0/24"}',
                 ',{"ip_prefix":"198.51.100.0/24","service":"s#","region":"' + "r" * 40 + '"}', 80_000, "]}"), {}, None),
}


def main():
    tap = Tap()
    for name, (pieces, wanted, text) in FILES.items():
        with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="ascii") as file:
            for some in iter(lambda p=iter(pieces): list(itertools.islice(p, 10_000)), []):
                file.write("".join(some))
            file.flush()
            report = loading.load(LOADER, "--memory", MEMORY, file.name)
        got = {k: report.count(k) for k in wanted}
        tap.same((report.exit != loading.FAILED, got), (True, wanted), name)
        if text:
            tap.ok(any(text in n.text for n in report.notes), f"{name}: told", [n.text for n in report.notes[:3]])
    return tap.done()


sys.exit(main())
