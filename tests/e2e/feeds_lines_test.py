#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Real tables, lists and rules: counts against those that are made here, in another way; packed, they are the same."""
import collections
import csv
import gzip
import ipaddress
import lzma
import pathlib
import re
import sys
import tempfile
import urllib.parse

import loading
from shared import shared
from tap import Tap, skip_all

SOURCE, BUILD = map(pathlib.Path, sys.argv[1:3])
LOADER = BUILD / "daemon" / "bridle-loader"
TOLD = ("loaded", "duplicate", "quarantined", "not-network", "malformed", "withdrawn")
NETWORK = {"domain", "hostname", "ip-dst", "ip-src", "ipv4", "ipv6", "url"}
RULE = re.compile(r'content:"([^"]+)"|-> \[([0-9., /]+)\] any')


def csv_values(path):
    """(type or None, value, meant) of each value of a table."""
    with open(path, encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            row = {k.lower(): v for k, v in row.items() if k}
            if "type" in row:
                yield row["type"], row.get("value") or row.get("indicator"), row.get("to_ids") != "0"
                continue
            for column in ("domain_name", "ip_address", "domain", "relevant resolution"):
                if row.get(column):
                    yield None, row[column], True


def line_values(path):
    for line in path.read_text(encoding="utf-8").splitlines():
        line = line.split("#")[0].strip()
        if line:
            yield None, line, True


def rule_values(path):
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            name, addresses = RULE.search(line).groups()
            for value in [name] if name else addresses.split(","):
                yield None, value, True


READERS = {".csv": ("csv", csv_values), ".rules": ("suricata-rules", rule_values)}


def host_of(value):
    """The host of a value; None where a path makes it more than a host."""
    url = urllib.parse.urlsplit(value if "://" in value else "//" + value)
    return None if url.path.strip("/") or url.query else url.hostname


def count(values):
    seen, counts = set(), collections.Counter()
    for kind, value, meant in values:
        host = host_of(value.strip())
        if kind and kind not in NETWORK:
            counts["not-network"] += 1
        elif not meant:
            counts["withdrawn"] += 1
        elif host is None:
            counts["quarantined"] += 1
        else:
            counts["duplicate" if host in seen else "loaded"] += 1
            seen.add(host)
    return dict(counts)


def told(report):
    fmt, counts = next(iter(report.files.values()))
    return fmt, {k: counts[k] for k in TOLD if counts[k]}


def check_file(tap, path):
    fmt, reader = READERS.get(path.suffix, ("plain", line_values))
    report = loading.load(LOADER, path)
    tap.same(told(report), (fmt, count(reader(path))), f"{path.name}: {fmt}")
    places = [n for n in report.notes if n.kind in ("quarantined", "malformed", "withdrawn") and not n.line]
    tap.same(places, [], f"{path.name}: what is not loaded is told with its line")


def check_dates(tap, feeds):
    """Dates in words, of every row: none is left out."""
    report = loading.load(LOADER, feeds / "csv" / "citizenlab_packrat.csv")
    tap.same([n.text for n in report.of_kind("warning")], [], "dates like `July 11th 2014` are understood")


def check_packed(tap, paths):
    with tempfile.TemporaryDirectory() as folder:
        for path in paths:
            plain = told(loading.load(LOADER, path))
            for suffix, pack in ((".gz", gzip.compress), (".xz", lzma.compress)):
                packed = pathlib.Path(folder) / (path.name + suffix)
                packed.write_bytes(pack(path.read_bytes()))
                report = loading.load(LOADER, packed)
                if any("packed by" in n.text for n in report.of_kind("error")):
                    tap.skip(packed.name, "this build does not unpack it")
                else:
                    tap.same(told(report), plain, f"{packed.name} is {path.name}")


def is_address(text):
    try:
        return bool(ipaddress.ip_address(text))
    except ValueError:
        return False


def check_stalkerware(tap, feeds):
    """The same list as table, hosts file, plain list and rules: the last asks for names alone."""
    sets = {
        "csv": {host_of(v) for _, v, _ in csv_values(feeds / "csv" / "echap_network.csv")},
        "rules": {host_of(v) for _, v, _ in rule_values(feeds / "suricata" / "echap_suricata.rules")},
        "hosts": {host_of(v) for _, v, _ in line_values(feeds / "hosts" / "echap_hosts")},
    }
    names = {k: {v for v in s if v and not is_address(v)} for k, s in sets.items()}
    tap.ok(names["rules"] <= names["csv"] and names["hosts"] <= names["csv"],
           "the rules and the hosts file have no name that the table has not")
    report = loading.load(LOADER, feeds / "suricata" / "echap_suricata.rules")
    advice = [n.text for n in report.of_kind("advice")]
    tap.ok(any(f"{len(names['rules'])} rules ask for one name alone" in text for text in advice),
           "that rules ask for one name alone is told", advice)


def main():
    feeds = shared(SOURCE, "feeds")
    if not feeds:
        skip_all("the feeds are not here")
    tap = Tap()
    paths = sorted(p for folder in ("csv", "hosts", "plain", "suricata") for p in (feeds / folder).iterdir())
    for path in paths:
        check_file(tap, path)
    check_dates(tap, feeds)
    check_packed(tap, [feeds / "csv" / "citizenlab_stealth_falcon.csv", feeds / "plain" / "v3_domains.txt"])
    check_stalkerware(tap, feeds)
    return tap.done()


sys.exit(main())
