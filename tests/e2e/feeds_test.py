#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Real feeds: what the loader makes of them against a count made here, in another way. Nothing is dropped silently."""
import collections
import ipaddress
import json
import pathlib
import re
import subprocess
import sys

import loading
from shared import shared
from tap import Tap, skip_all

SOURCE, BUILD = map(pathlib.Path, sys.argv[1:3])
LOADER = BUILD / "daemon" / "bridle-loader"
GUARDS = SOURCE / "rules" / "guard"
SIMPLE = re.compile(r"\[\s*([a-z0-9-]+:[^=]+?)\s*=\s*'((?:[^'\\]|\\.)*)'\s*\]")
NETWORK = {"domain-name:value", "ipv4-addr:value", "ipv6-addr:value"}
COUNTED = {"loaded", "duplicate", "quarantined", "not-network", "malformed", "retyped", "single-label", "withdrawn"}
DISTINCT_LEAST = 4900


def is_address(text):
    try:
        return bool(ipaddress.ip_address(text))
    except ValueError:
        return False


def indicators(path):
    """(object path, value) of each indicator in a bundle; real ones compare one value each."""
    for o in json.loads(path.read_text(encoding="utf-8"))["objects"]:
        if o["type"] == "indicator":
            yield SIMPLE.fullmatch(o["pattern"]).groups()


def count_bundle(path, seen):
    """What the loader should report for one file, given what files before it had."""
    counts = collections.Counter()
    for kind, value in indicators(path):
        value = value.lower().rstrip(".")
        host = value.split("/")[0]
        if kind not in NETWORK:
            counts["not-network"] += 1
        elif "." not in host:
            counts.update(("quarantined", "single-label"))
        else:
            counts["duplicate" if host in seen else "loaded"] += 1
            counts["retyped"] += host != value or (kind == "domain-name:value" and is_address(host))
            seen.add(host)
    return {k: v for k, v in counts.items() if v}


def check_stix(tap, folder):
    report = loading.load(LOADER, "--guard", GUARDS, folder)
    seen = set()
    for path in sorted(folder.iterdir()):
        fmt, counts = report.files.get(str(path), ("missing", {}))
        tap.same((fmt, {k: v for k, v in counts.items() if v and k in COUNTED}), ("stix", count_bundle(path, seen)), path.name)
    names = sum(not is_address(v) for v in seen)
    tap.same((report.total, report.exit), (len(seen), loading.OK), "every distinct value is an indicator")
    tap.ok(names >= DISTINCT_LEAST, f"{names} distinct names")
    tap.same(report.of_kind("error", "malformed"), [], "no bundle has an error")
    return report


def host_of(value):
    return value.lower().rstrip(".").split("/")[0]


def wanted_campaigns(folder):
    """For each name and address what the bundles' relationships lead to, over whole documents in memory."""
    campaigns = collections.defaultdict(set)
    for path in folder.iterdir():
        objects = json.loads(path.read_text(encoding="utf-8"))["objects"]
        names = {o["id"]: o["name"] for o in objects if o["type"] == "malware"}
        indicates = collections.defaultdict(set)
        for o in objects:
            if o["type"] == "relationship":
                indicates[o["source_ref"]].add(names[o["target_ref"]])
        for o in objects:
            kind, value = SIMPLE.fullmatch(o["pattern"]).groups() if o["type"] == "indicator" else ("", "")
            if kind in NETWORK and "." in host_of(value):
                campaigns[host_of(value)] |= indicates[o["id"]]
    return campaigns


def check_campaigns(tap, folder):
    wanted = wanted_campaigns(folder)
    run = subprocess.run([BUILD / "daemon" / "bridlectl", "lookup", "--json", "-R", folder, *wanted], text=True,
                         capture_output=True, check=False)
    iocs = {a["query"]: a["ioc"] for a in map(json.loads, run.stdout.splitlines()) if a["match"]}
    got = {host: set(ioc["campaigns"]) for host, ioc in iocs.items()}
    wrong = {h: (got.get(h), c) for h, c in wanted.items() if got.get(h) != c}
    tap.ok(not wrong, f"campaigns of {len(wanted)} values", dict(list(wrong.items())[:5]))
    dated = [h for h, ioc in iocs.items() if "valid_from" in ioc]
    tap.same(dated, [], "the days of rebuilds are no dates")


def check_places(tap, report, folder):
    """A note stands where the pattern does."""
    for note in report.of_kind("retyped", "quarantined"):
        line = pathlib.Path(note.path).read_bytes().split(b"\n")[note.line - 1]
        pattern = line[note.column - 1:].split(b'"')[1].decode()
        tap.ok(note.path.startswith(str(folder)) and note.value in pattern.lower(),
               f"{note.value} is told at its place", (note.line, note.column, pattern[:80]))


def check_oddities(tap, report):
    told = collections.Counter((n.path.rsplit("/", 1)[-1], n.kind, "." in n.value, "/" in n.value)
                               for n in report.of_kind("retyped", "quarantined"))
    tap.same(told, collections.Counter({("novispy.stix2", "retyped", True, False): 7,
                                        ("coruna.stix2", "retyped", True, True): 1,
                                        ("predator.stix2", "quarantined", False, False): 1}),
             "addresses as names, a path in a name and a single label are told one by one")
    kinds = {n.value for n in report.of_kind("not-network")}
    tap.ok({"email-addr:value", "process:name", "file:hashes.sha256", "android-property:name"} <= kinds,
           "what no sensor can see is told by its kind", sorted(kinds))


def check_plain(tap, feeds):
    report = loading.load(LOADER, "--guard", GUARDS, feeds / "plain", feeds / "hosts")
    tap.same({fmt for fmt, _ in report.files.values()}, {"plain"}, "plain lists and hosts files are recognised")
    guarded = {n.value for n in report.of_kind("quarantined")}
    tap.ok("dynamic-dns.net" in guarded, "the dynamic DNS root in a list is kept out", sorted(guarded))
    for path, (_, counts) in sorted(report.files.items()):
        lines = [line.split("#")[0].strip() for line in open(path, encoding="utf-8")]
        values = [line for line in lines if line]
        accounted = sum(counts[k] for k in ("loaded", "duplicate", "quarantined", "malformed"))
        tap.same(accounted, len(values), f"{path.rsplit('/', 1)[-1]}: every line is accounted for")


def main():
    feeds = shared(SOURCE, "feeds")
    if not feeds:
        skip_all("the feeds are not here")
    tap = Tap()
    report = check_stix(tap, feeds / "stix2")
    check_oddities(tap, report)
    check_places(tap, report, feeds / "stix2")
    check_campaigns(tap, feeds / "stix2")
    check_plain(tap, feeds)
    return tap.done()


sys.exit(main())
