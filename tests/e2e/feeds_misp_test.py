#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Real MISP events, warninglists and hosters' ranges: counts and tags against those that are made here, in another way."""
import collections
import csv
import ipaddress
import json
import pathlib
import random
import subprocess
import sys
import tempfile
import urllib.parse

import loading
from shared import shared
from tap import Tap, skip_all

SOURCE, BUILD = map(pathlib.Path, sys.argv[1:3])
LOADER = BUILD / "daemon" / "bridle-loader"
BRIDLECTL = BUILD / "daemon" / "bridlectl"
HOSTS = {"domain", "hostname"}
NETWORK = HOSTS | {"ip-src", "ip-dst", "url", "ip4addr", "ip6addr", "sha1cert", "cidr"}
ASKED = 4000  # addresses of each provider
AMAZON_LAST = {"AMAZON": 0, "EC2": 1, "CLOUDFRONT_ORIGIN_FACING": 3, "CLOUDFRONT": 4}  # others: 2


def is_address(text):
    try:
        return bool(ipaddress.ip_network(text, strict=False))
    except ValueError:
        return False


def attributes(document):
    """Every attribute of a MISP file or a TinyCheck list."""
    if "iocs" in document:
        yield from document["iocs"]
        return
    events = [item["Event"] for item in document["response"]] if "response" in document else [document]
    for event in events:
        yield from event.get("Attribute", [])
        for thing in event.get("Object", []):
            yield from thing["Attribute"]


def count(document, seen):
    counts = collections.Counter()
    for a in attributes(document):
        kind, value = a["type"], a["value"].lower()
        url = urllib.parse.urlsplit(value)
        if kind not in NETWORK:
            counts["not-network"] += 1
        elif a.get("to_ids") is False:
            counts["withdrawn"] += 1
        elif kind == "url" and url.path.strip("/") or url.query:
            counts["quarantined"] += 1
        else:
            host = url.hostname or value
            counts["duplicate" if host in seen else "loaded"] += 1
            counts["retyped"] += host != value or (kind in HOSTS and is_address(host))
            seen.add(host)
    return {k: v for k, v in counts.items() if v}


def check_misp(tap, folder):
    report = loading.load(LOADER, folder)
    seen = set()
    for path in sorted(folder.iterdir()):
        fmt, counts = report.files.get(str(path), ("missing", {}))
        got = {k: counts[k] for k in loading.OUTCOMES + ["retyped"] if counts.get(k)}
        document = json.loads(path.read_text(encoding="utf-8"))
        tap.same((fmt, got), ("tinycheck" if "iocs" in document else "misp", count(document, seen)), path.name)
        entries = sum(counts[k] for k in loading.OUTCOMES)
        tap.same(entries, len(list(attributes(document))), f"{path.name}: every attribute is accounted for")
    tap.same(report.total, len(seen), "every distinct value is an indicator")
    tap.same([n.text for n in report.of_kind("error", "malformed")], [], "no event has an error")
    reports = {n.value for n in report.of_kind("withdrawn")}
    tap.same(reports, {"https://citizenlab.org/2017/06/reckless-exploit-mexico-nso/"},
             "what is not for detection is told")
    kinds = {n.value for n in report.of_kind("not-network")}
    tap.ok({"md5", "sha256", "link", "whois-registrant-email"} <= kinds, "what no sensor sees is told by its type")


def check_campaigns(tap, folder):
    asked = {"copy9.com": ("Stalkerware indicators", None),
             "ideas-telcel.com.mx": ("Reckless Exploit: Mexican Journalists, Lawyers, and a Child Targeted with NSO "
                                     "Spyware", "citizenlab")}
    paths = [folder / "echap_event.json", folder / "citizenlab_reckless_exploit.json"]
    for name, (campaign, source) in asked.items():
        ioc = lookup(paths, [name])[name]["ioc"]
        tap.same((ioc["campaigns"], ioc.get("source") or None), ([campaign], source or ioc.get("source") or None),
                 f"{name}: campaign and source are those of the event")


def check_guards(tap, folder):
    report = loading.load(LOADER, folder)
    for path in sorted(folder.iterdir()):
        fmt, counts = report.files.get(str(path), ("missing", {}))
        entries = len(json.loads(path.read_text(encoding="utf-8"))["list"])
        tap.same((fmt, counts.get("guards")), ("misp-warninglist", entries), f"{path.name}: {entries} guards")
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as feed:
        feed.write("bit.ly\nevil.bit.ly\n0x55.me\n")
        feed.flush()
        report = loading.load(LOADER, feed.name, folder)
        reasons = {n.value: n.reason for n in report.of_kind("quarantined")}
        tap.same(reasons, {"bit.ly": "shortener", "0x55.me": "shared-host"}, "they guard, and say against what")


def lookup(paths, values):
    rules = [arg for path in paths for arg in ("-R", str(path))]
    run = subprocess.run([BRIDLECTL, "--json", "lookup", *rules, "-"], input="\n".join(values) + "\n",
                         capture_output=True, text=True, check=False, timeout=120)
    return {answer["query"]: answer for answer in map(json.loads, run.stdout.splitlines())}


def aws_tags(path):
    """{prefix: tag}; of several services the one that is built on the others."""
    best = {}
    document = json.loads(path.read_text(encoding="utf-8"))
    for row in document["prefixes"] + document["ipv6_prefixes"]:
        net = ipaddress.ip_network(row.get("ip_prefix") or row["ipv6_prefix"])
        rank = AMAZON_LAST.get(row["service"], 2)
        if net not in best or best[net][0] < rank:
            best[net] = rank, f"aws/{row['service']}/{row['region']}"
    return {net: tag for net, (_, tag) in best.items()}


def geofeed_tags(path):
    tags = {}
    with open(path, encoding="utf-8", newline="") as file:
        for row in csv.reader(line for line in file if not line.startswith("#")):
            tags[ipaddress.ip_network(row[0])] = "/".join(filter(None, [path.stem, row[2] or row[1]]))
    return tags


def expected(tags, address):
    for bits in range(address.max_prefixlen, 7, -1):
        tag = tags.get(ipaddress.ip_network((int(address) if address.version == 4 else address, bits), strict=False))
        if tag:
            return tag
    return None


def edges(nets):
    """The first and last address of each, and those beside them."""
    for net in nets:
        for address in (net[0], net[-1]):
            yield address
            for step in (-1, 1):
                if 0 < int(address) + step < 2 ** address.max_prefixlen - 1:
                    yield address + step


def check_ranges(tap, folder):
    listed = {"aws-ip-ranges.json": aws_tags, "digitalocean.csv": geofeed_tags, "linode.txt": geofeed_tags}
    report = loading.load(LOADER, folder)
    draw = random.Random(5)
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as feed:  # nobody asks rules that have no indicator
        feed.write("evil.example.net\n")
        feed.flush()
        for name, read in listed.items():
            tags = read(folder / name)
            fmt, counts = report.files.get(str(folder / name), ("missing", {}))
            tap.same((fmt, counts.get("ranges")), ("ip-ranges" if name.endswith("json") else "geofeed", len(tags)),
                     f"{name}: {len(tags)} ranges")
            asked = list(edges(tags))
            asked = draw.sample(asked, min(ASKED, len(asked)))
            answers = lookup([folder / name, feed.name], map(str, asked))
            # Those that nothing lists may be in the rules that come with the program.
            wrong = [(str(a), answers[str(a)].get("hosting"), expected(tags, a)) for a in asked
                     if expected(tags, a) and answers[str(a)].get("hosting") != expected(tags, a)]
            tap.same(wrong[:5], [], f"{name}: {len(asked)} addresses are labelled by the longest prefix")
    merged = [n.text.split()[0] for n in report.of_kind("duplicate")]
    tap.same(merged, ["4278"], "prefixes that are listed more than once are told once")


def main():
    feeds = shared(SOURCE, "feeds")
    if not feeds:
        skip_all("the feeds are not here")
    tap = Tap()
    check_misp(tap, feeds / "misp")
    check_campaigns(tap, feeds / "misp")
    check_guards(tap, feeds / "guard")
    check_ranges(tap, feeds / "hosting")
    return tap.done()


sys.exit(main())
