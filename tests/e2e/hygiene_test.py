#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The mistakes that real feeds are known to have are each told, with place and hint; and what an operator may choose."""
import json
import pathlib
import subprocess
import sys
import tempfile

from shared import shared
from tap import Tap

SOURCE, BUILD = map(pathlib.Path, sys.argv[1:3])
CTL = BUILD / "daemon" / "bridlectl"

# File, outcome, reason, value, words of the hint.
MISTAKES = [
    ("stix2/novispy.stix2", "retyped", None, "176.223.111.131", "an address listed as a name"),
    ("stix2/coruna.stix2", "retyped", None, "fgr1w2gnsdvsb.xyz/x", "the path after the name was cut off"),
    ("stix2/predator.stix2", "quarantined", "single-label", "despachosnegocios", "list the full name"),
    ("csv/citizenlab_reckless_exploit.csv", "quarantined", "shortener", "http://bit.ly/1MAAWrO", "the link led to"),
    ("misp/citizenlab_reckless_exploit.json", "quarantined", "shortener", "http://bit.ly/1EQYOkG", "the link led to"),
    ("misp/echap_tinycheck.json", "quarantined", "popular-site", "github.com", "full name below it"),
    ("plain/v3_domains.txt", "quarantined", "shared-host", "dynamic-dns.net", "list the full name below it"),
    ("csv/citizenlab_2016_nso.csv", "quarantined", "url-path", "https://sms.webadv.co/3589003s/", "list the host alone"),
    ("csv/citizenlab_stealth_falcon.csv", "withdrawn", None, "95.215.44.37", "to_ids 0"),
    ("plain/v3_domains.txt", "duplicate", None, "zm-banks.com", "listed before in"),
    ("stix2/cytrox.stix2", "shadowed", None, "bi.tly.link", "covered by tly.link"),
]
# File, kind of what no network sensor can see.
UNSEEN = [
    ("stix2/pegasus.stix2", "process:name"),
    ("stix2/pegasus.stix2", "email-addr:value"),
    ("stix2/coruna.stix2", "file:path"),
    ("stix2/rcs.stix2", "file:hashes.sha256"),
    ("misp/echap_event.json", "sha256"),
]


def check(*args):
    """Objects of a check, and its exit status."""
    run = subprocess.run([CTL, "--json", "-v", "check", *map(str, args)], text=True, capture_output=True, check=False)
    return [json.loads(line) for line in run.stdout.splitlines()], run.returncode


def notes(objects, path):
    return [o for o in objects if o.get("path") == str(path)]


def check_mistakes(tap, feeds):
    for name, outcome, reason, value, hint in MISTAKES:
        objects, _ = check(feeds / name)
        found = [n for n in notes(objects, feeds / name) if n["note"] == outcome and n["value"] == value]
        tap.ok(found and hint in found[0]["text"] and found[0].get("reason") == reason, f"{name}: {value}: {outcome}", str(found))
        tap.ok(found and found[0]["line"] > 0, f"{name}: {value}: its line is told")
    for name, kind in UNSEEN:
        objects, _ = check(feeds / name)
        tap.ok(any(n["note"] == "not-network" and n["value"] == kind for n in notes(objects, feeds / name)),
               f"{name}: {kind} is told apart")


def check_dates(tap, feeds):
    """Dates of a rebuild are told to be none; those of tables are read in all their forms."""
    objects, _ = check(feeds / "stix2" / "novispy.stix2")
    told = [n for n in objects if n.get("note") == "advice" and "list's making" in n["text"]]
    tap.same(len(told), 1, "dates of a rebuild are told to be none")
    objects, _ = check(feeds / "csv")
    tap.same([n for n in objects if n.get("note") == "warning" and "date" in n["text"]], [], "dates of tables are read")


def check_campaigns(tap, feeds):
    run = subprocess.run([CTL, "--json", "lookup", "-R", feeds / "stix2", "-R", feeds / "plain", "free247downloads.com"],
                         text=True, capture_output=True, check=False)
    ioc = json.loads(run.stdout)["ioc"]
    tap.ok({"Pegasus", "v4_domains"} <= set(ioc["campaigns"]), "a name of several lists has all campaigns", str(ioc))
    run = subprocess.run([CTL, "--json", "lookup", "-R", feeds / "csv", "access.dynamic-dns.net", "dynamic-dns.net",
                          "x.dynamic-dns.net"], text=True, capture_output=True, check=False)
    tap.same([json.loads(line)["match"] for line in run.stdout.splitlines()], [True, False, False],
             "a name below a shared host matches there and nowhere above")


def check_everything(tap, feeds):
    """Entries are accounted for, file by file and in the sum."""
    objects, status = check(feeds)
    total = objects[-1]
    files = [o for o in objects if "file" in o]
    tap.same((status, total["files"]), (0, len(files)), "all feeds load")
    tap.same(sum(f["entries"] for f in files), total["counts"]["entries"], "the sum of all files")
    tap.same([n["path"] for n in objects if n.get("note") == "error"], [str(feeds / "indicators.yaml")],
             "only the index of feeds is none")
    tap.ok(all(n["text"] for n in objects if "note" in n), "each note has words")


def check_choices(tap):
    """The sections of a configuration are checked as the daemon would load them."""
    with tempfile.TemporaryDirectory() as folder:
        here = pathlib.Path(folder)
        (here / "list.txt").write_text("evil.example.com\nbit.ly\nddns.net\ngoogle.com\nkept.ddns.net\n!good.example.com\n")
        (here / "table.csv").write_text("a.example.net,Someone\nb.example.net,Somebody else\n")
        (here / "exceptions.ioc").write_text("# bridle-ioc 1\n!b.example.net until=2100-01-01 comment=\"is ours\"\n"
                                             "!c.example.net until=2020-01-01 comment=\"was ours\"\n")
        (here / "bridled.conf").write_text(f"""[rules]
exceptions = {here}/exceptions.ioc
[source one]
path = {here}/list.txt
trust = indicators
allow = example.com
force = =ddns.net bit.ly
[source two]
path = {here}/table.csv
columns = value,campaign
""")
        objects, status = check("-c", here / "bridled.conf", "--source", "one")
        one = next(o for o in objects if o.get("file") == str(here / "list.txt"))
        got = {k: v for k, v in one.items() if v and k not in ("file", "format")}
        tap.same(got, {"entries": 6, "loaded": 3, "allowed": 1, "forced": 2, "quarantined": 1, "popular-site": 1,
                       "untrusted": 1}, "options of a source")
        tap.same((status, objects[-1]["indicators"]), (0, 3), "and what comes of it")
        objects, status = check("-c", here / "bridled.conf")
        files = {o["file"]: o for o in objects if "file" in o}
        tap.same(files[str(here / "exceptions.ioc")]["ended"], 1, "an exception that ended is told")
        tap.same((files[str(here / "table.csv")]["loaded"], status), (2, 0), "all that the configuration names is checked")
        _, status = check("-c", here / "bridled.conf", "--source", "three")
        tap.same(status, 1, "a section that is not there")
        (here / "new.csv").write_text("x.example.net,Someone\n")
        objects, status = check("-c", here / "bridled.conf", "--source", "two", "--", here / "new.csv")
        tap.same((objects[-1]["counts"]["loaded"], status), (1, 0), "a new file, as the list of a source")


def main():
    tap = Tap()
    check_choices(tap)
    feeds = shared(SOURCE, "feeds")
    if feeds:
        check_mistakes(tap, feeds)
        check_dates(tap, feeds)
        check_campaigns(tap, feeds)
        check_everything(tap, feeds)
    else:
        tap.skip("mistakes of real feeds are told", "the feeds are not here")
    return tap.done()


sys.exit(main())
