#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The rules that are shipped load without a single remark, in full, and are what their facts say."""
import csv
import json
import subprocess
import sys
import tempfile

import loading
import tree
from shared import shared
from tap import Tap

RULES = tree.SOURCE / "rules"
DAEMON = tree.BUILD / "daemon"

# What each file gives: raise these with the facts.
WANTED = {
    "guard/popular.ioc": {"guards": 761},
    "guard/shared-hosts.ioc": {"guards": 426},
    "guard/shorteners.ioc": {"guards": 223},
    "hosting/aws.ioc": {"ranges": 3716},
    "hosting/cdn.ioc": {"ranges": 51},
    "hosting/digitalocean.ioc": {"ranges": 789},
    "hosting/google-cloud.ioc": {"ranges": 468},
    "hosting/linode.ioc": {"ranges": 583},
    "hosting/oracle.ioc": {"ranges": 772},
    "hosting/ovh.ioc": {"ranges": 600},
    "hosting/resolvers.ioc": {"resolvers": 89},
    "hosting/vultr.ioc": {"ranges": 141},
    "pegasus/addresses-2018.ioc": {"loaded": 596, "expired": 596},
    "pegasus/v2.ioc": {"loaded": 92},
    "pegasus/v3.ioc": {"loaded": 606, "shadowed": 5},
    "pegasus/v4-validation.ioc": {"loaded": 26},
    "pegasus/v4.ioc": {"loaded": 692, "shadowed": 3},
    "sinkhole/blockers.ioc": {"sinkholes": 16},
    "sinkhole/parking.ioc": {"sinkholes": 13},
    "sinkhole/taken.ioc": {"sinkholes": 9},
}
# Addresses of 2018 are old; some names are listed beside one above them, as reported.
REMARKS = {"expired", "shadowed"}
# Written by hand; all others are what contrib/facts-to-rules makes.
BY_HAND = {"guard/popular.ioc", "guard/shorteners.ioc", "hosting/cdn.ioc", "hosting/resolvers.ioc",
           "sinkhole/blockers.ioc", "sinkhole/parking.ioc", "sinkhole/taken.ioc"}
INDICATORS = sum(counts.get("loaded", 0) for counts in WANTED.values())


def check_load(tap):
    report = loading.load(DAEMON / "bridle-loader", RULES)
    got = {path.removeprefix(f"{RULES}/"): {k: v for k, v in counts.items() if v}
           for path, (_, counts) in report.files.items()}
    tap.same(got, WANTED, "each file gives what it should, and nothing else")
    tap.same({fmt for fmt, _ in report.files.values()}, {"ioc"}, "all are of our own format")
    tap.same([vars(n) for n in report.notes if n.kind not in REMARKS], [], "no remark but those that are known")
    tap.same((report.total, report.exit), (INDICATORS, loading.OK), "all indicators are in the image")


def check_headers(tap):
    for name in sorted(WANTED):
        head = (RULES / name).read_text(encoding="utf-8").split("\n\n")
        text = "\n".join(head[:3])
        tap.ok("icence" in text or "CC0" in text, f"{name} says under which licence its facts are")


def check_made(tap, facts, feeds):
    with tempfile.TemporaryDirectory() as made:
        subprocess.run([tree.SOURCE / "contrib" / "facts-to-rules", facts, made, feeds], check=True)
        for name in sorted(set(WANTED) - BY_HAND):
            with open(f"{made}/{name}", encoding="utf-8") as file:
                tap.ok(file.read() == tree.read(f"rules/{name}"), f"{name} is what contrib/facts-to-rules makes")


def check_matches(tap, facts):
    """Every fact is found by the matcher, below its name too if it is a domain."""
    with open(facts / "pegasus.tsv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    asked = [r["value"] for r in rows] + ["x.y." + r["value"] for r in rows if r["kind"] == "domain"]
    above = [r["value"].split(".", 1)[1] for r in rows if r["value"].endswith("cloudfront.net")]
    run = subprocess.run([DAEMON / "bridlectl", "lookup", "--json", "-R", RULES, "-"], text=True,
                         input="\n".join(asked + above) + "\n", capture_output=True, check=False)
    answers = {a["query"]: a for a in map(json.loads, run.stdout.splitlines())}
    missed = [q for q in asked if not answers.get(q, {}).get("match")]
    tap.ok(not missed, f"all {len(asked)} names and addresses of the facts match",
           f"{len(missed)} missed: {missed[:20]}\n{run.stderr}")
    tap.same([answers.get(a, {}).get("match") for a in above], [False], "nothing above a full host name does")


def check_resolvers(tap):
    """They are known, also below their names, and nothing is a match for it."""
    lines = tree.read("rules/hosting/resolvers.ioc").splitlines()
    listed = [line.split()[0].split("/")[0] for line in lines if line[:1] not in ("", "#", "@")]
    below = ["x." + value for value in listed if value.endswith((".com", ".net", ".org"))]
    others = ["dns.google.com", "google", "1.1.1.4", "example.com", "quad9.net"]
    run = subprocess.run([DAEMON / "bridlectl", "lookup", "--json", "-R", RULES, *listed, *below, *others], text=True,
                         capture_output=True, check=False)
    answers = [json.loads(line) for line in run.stdout.splitlines()]
    tap.same([a["query"] for a in answers if a["match"]], [], "no resolver is an indicator")
    tap.same([a["query"] for a in answers if a.get("resolver")], listed + below, "all resolvers are known, nothing else")


def check_sinkholes(tap):
    """They are known with who answers there, all of a network, none beside; no list that is shipped has one."""
    queries = {"146.112.61.104": "sinkhole", "146.112.61.103": None, "199.2.137.255": "sinkhole", "199.2.138.0": None,
               "2001:cdba::3257:9652": "sinkhole", "::ffff:146.112.61.110": "sinkhole", "64.190.63.222": "parked",
               "64.190.64.0": None, "94.140.14.14": None, "0.0.0.0": "blocked", "::": "blocked", "127.1.2.3": "blocked"}
    run = subprocess.run([DAEMON / "bridlectl", "lookup", "--json", "-R", RULES, *queries], text=True,
                         capture_output=True, check=False)
    answers = [json.loads(line) for line in run.stdout.splitlines()]
    tap.same([(a["query"], a.get("blocked")) for a in answers], list(queries.items()), "sinkholes are known, nothing else")
    tap.same([a["query"] for a in answers if a["match"]], [], "no sinkhole is an indicator")


def main():
    tap = Tap()
    facts = shared(tree.SOURCE, "facts")
    check_load(tap)
    check_headers(tap)
    if (DAEMON / "bridlectl").exists():
        check_resolvers(tap)
        check_sinkholes(tap)
    else:
        tap.skip("resolvers are known", "bridlectl is not here")
    feeds = shared(tree.SOURCE, "feeds")
    if facts and feeds:
        check_made(tap, facts, feeds)
    else:
        tap.skip("rules are what contrib/facts-to-rules makes", "the tables of facts or the feeds are not here")
    if facts and (DAEMON / "bridlectl").exists():
        check_matches(tap, facts)
    else:
        tap.skip("every fact matches", "the tables of facts or bridlectl are not here")
    return tap.done()


sys.exit(main())
