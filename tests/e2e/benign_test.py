#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""One million names that people use, against all rules that are shipped and all real feeds: not one match. And names
that are listed are found among them, so that the test could fail."""
import json
import pathlib
import subprocess
import sys
import tempfile

import benign
from shared import shared
from tap import Tap

SOURCE, BUILD = map(pathlib.Path, sys.argv[1:3])
BRIDLECTL = BUILD / "daemon" / "bridlectl"
COUNT = 1_000_000
ADDRESSES = ["8.8.8.8", "8.8.4.4", "1.1.1.1", "1.0.0.1", "9.9.9.9", "208.67.222.222", "2001:4860:4860::8888",
             "2606:4700:4700::1111", "2620:fe::fe", "17.253.144.10", "140.82.121.4", "151.101.1.140", "104.16.132.229",
             "13.107.42.14", "157.240.20.35", "142.250.185.78", "91.198.174.192", "2a00:1450:4001:82a::200e",
             "2620:0:862:ed1a::1", "192.168.1.1", "10.0.0.1", "127.0.0.1", "::1", "0.0.0.0", "255.255.255.255",
             "224.0.0.251", "ff02::fb", "fe80::1", "169.254.1.1", "100.64.0.1"]
LISTED = ["get1tn0w.free247downloads.com", "urlpush.net", "www.urlpush.net"]


def matches(queries, *rules):
    """Which of them match, and by what; how many answers there were."""
    words = [w for r in rules for w in ("-R", r)]
    with subprocess.Popen([BRIDLECTL, "--json", "lookup", *words, "-"], stdin=queries, stdout=subprocess.PIPE,
                          text=True) as process:
        found, count = [], 0
        for line in process.stdout:
            count += 1
            if '"match":true' in line:
                answer = json.loads(line)
                found.append((answer["query"], answer["ioc"]["value"], answer["ioc"]["feed"]))
    return found, count, process.returncode


def check(tap, what, queries, *rules):
    found, count, code = matches(queries, *rules)
    tap.same((count, code), (COUNT + len(ADDRESSES) + len(LISTED), 0), f"{what}: every name is looked up")
    tap.same([f for f in found if f[0] not in LISTED], [], f"{what}: not one match among a million")
    tap.same({f[0] for f in found} & set(LISTED), set(LISTED), f"{what}: what is listed is found")


def main():
    tap = Tap()
    with tempfile.TemporaryFile("w+", encoding="ascii") as queries:
        queries.writelines(f"{name}\n" for name in (*benign.names(COUNT), *ADDRESSES, *LISTED))
        queries.seek(0)
        check(tap, "shipped rules", queries, SOURCE / "rules")
        feeds = shared(SOURCE, "feeds")
        if not feeds:
            tap.skip("all feeds: not one match among a million", "the feeds are not here")
            return tap.done()
        queries.seek(0)
        check(tap, "all feeds", queries, SOURCE / "rules", feeds)
    return tap.done()


sys.exit(main())
