#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Every real feed, one by one and all together: each is read, no load aborts, and every entry that an independent
reader finds is accounted for. The forms of one list give the same indicators, but for what a form does not hold."""
import collections
import csv
import io
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
BRIDLECTL = BUILD / "daemon" / "bridlectl"
GUARDS = SOURCE / "rules" / "guard"
# The same list by the same publisher, in all forms that the feeds hold.
FORMS = ["csv/echap_network.csv", "hosts/echap_hosts", "plain/echap_quad9.txt", "suricata/echap_suricata.rules",
         "misp/echap_event.json", "misp/echap_tinycheck.json"]


def count_stix(text):
    return sum(len(re.findall(r"\]\s*(?:AND|OR|FOLLOWEDBY)\s*\[|'\s+(?:AND|OR)\s+[a-z0-9-]+:", o["pattern"])) + 1
               for o in json.loads(text)["objects"] if o["type"] == "indicator")


def attributes(node):
    """All attributes of MISP, wherever they hang."""
    if isinstance(node, list):
        for one in node:
            yield from attributes(one)
    elif isinstance(node, dict):
        for key, value in node.items():
            if key == "Attribute":
                yield from value
            else:
                yield from attributes(value)


def count_json(text):
    data = json.loads(text)
    for key in ("iocs", "list", "prefixes"):
        if key in data:
            return len(data[key]) + len(data.get("ipv6_prefixes", []))
    return sum(2 if "|" in a["type"] else 1 for a in attributes(data))


def count_csv(text):
    """Rows have one indicator, or one in each column of names and addresses."""
    rows = list(csv.reader(io.StringIO(text)))
    head = [h.strip().lower() for h in rows[0]]
    columns = [i for i, h in enumerate(head) if h in ("domain_name", "ip_address", "domain", "relevant resolution")]
    if "indicator" in head or "value" in head:
        return len([r for r in rows[1:] if r])
    return sum(bool(row[i].strip()) for row in rows[1:] for i in columns if i < len(row))


def count_lines(text):
    return sum(bool(line.split("#")[0].strip()) for line in text.splitlines())


def count_entries(path):
    """How many entries a reader finds that has nothing in common with ours."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".stix2":
        return count_stix(text)
    if path.suffix == ".json":
        return count_json(text)
    if path.parent.name == "csv":
        return count_csv(text)
    return count_lines(text)


def check_each(tap, feeds):
    for path in sorted(p for p in feeds.rglob("*") if p.is_file() and p.name not in ("README.md", "indicators.yaml")):
        name = str(path.relative_to(feeds))
        report = loading.load(LOADER, "--guard", GUARDS, path)
        form, counts = report.files.get(str(path), ("none", collections.Counter()))
        if form == "none":
            tap.skip(f"{name}: every entry is accounted for", "no format reads it yet")
            continue
        tap.ok(report.exit in (loading.OK, loading.INCOMPLETE) and not report.stderr and not report.of_kind("error"),
               f"{name}: is read as {form}", report.stderr or report.of_kind("error"))
        told = {k: counts[k] for k in loading.OUTCOMES if counts[k]}
        tap.same(sum(told.values()), count_entries(path), f"{name}: every entry is accounted for: {told}")


def check_together(tap, feeds):
    """All at once, as a folder of rules."""
    report = loading.load(LOADER, "--guard", GUARDS, feeds)
    tap.same((report.exit, report.stderr), (loading.OK, ""), "all feeds are loaded at once")
    tap.same(report.total, report.count("loaded"), f"{report.total} indicators: what is loaded and no duplicate")
    tap.ok(report.total > 6_000, "more than six thousand", report.total)


def read_form(path):
    """What bridle makes of it, as in bridle.ioc(5); what it refuses; all that it tells."""
    got = subprocess.run([BRIDLECTL, "--json", "check", "-v", path], capture_output=True, text=True, check=False)
    lines = [json.loads(line) for line in got.stdout.splitlines()]
    refused = {o["value"].lower() for o in lines if o.get("note") in ("quarantined", "malformed", "not-network")}
    got = subprocess.run([BRIDLECTL, "export", "--format", "ioc", "-R", path], capture_output=True, text=True,
                         check=False)
    values = {line.split(" ")[0] for line in got.stdout.split("\n") if line and line[0] not in "#@"}
    return values, refused, " ".join(o.get("text", "") for o in lines)


def check_forms(tap, feeds):
    """An indicator that one form lacks is not in that form: neither its text nor a refusal says otherwise. A form
    whose entries are of one name alone says so."""
    forms = {name: read_form(feeds / name) for name in FORMS}
    everything = {v.lstrip("=") for values, _, _ in forms.values() for v in values}
    tap.note(f"{len(everything)} indicators in all forms together")
    for name, (values, refused, told) in forms.items():
        alone = {v for v in values if v[0] in "=!"}
        tap.ok(not alone or "name alone" in told, f"{name}: names with all below, or it is told why not",
               sorted(alone)[:5])
        text = (feeds / name).read_text(encoding="utf-8").lower()
        words = set(re.findall(r"[a-z0-9_.:-]+", text.replace("[.]", ".").replace("hxxp", "http")))
        missing = everything - {v.lstrip("=") for v in values}
        lost = {v for v in missing if v in words and not any(v in r for r in refused)}
        tap.same(sorted(lost)[:20], [], f"{name}: {len(values)} indicators; the {len(missing)} of other forms that it "
                 "lacks are not in this form")
        tap.note(f"{name} lacks, for instance: {' '.join(sorted(missing)[:4])}" if missing else f"{name} lacks nothing")


def main():
    feeds = shared(SOURCE, "feeds")
    if not feeds:
        skip_all("the feeds are not here")
    tap = Tap()
    check_each(tap, feeds)
    check_together(tap, feeds)
    check_forms(tap, feeds)
    return tap.done()


sys.exit(main())
