#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""bridlectl export: each format is read by the program that it is for, and by bridle again; what a format cannot say
is told; no text of a feed becomes configuration; a million indicators take little memory."""
import base64
import collections
import ipaddress
import json
import os
import pathlib
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import uuid

from tap import Tap

SOURCE, BUILD = (pathlib.Path(p).resolve() for p in sys.argv[1:3])
BRIDLECTL = BUILD / "daemon" / "bridlectl"
CONFIG = (BUILD / "config.h").read_text(encoding="ascii")
SANITIZED = "#define BRIDLE_SANITIZED 1" in CONFIG
EPOCH = "1700000000"
FORMATS = ["plain", "hosts", "rpz", "unbound", "dnsmasq", "adguard", "nftset", "zeek-intel", "suricata-dataset",
           "suricata-dataset-ip", "stix2", "ioc"]
NAMES, ADDRESSES = {"domain", "name"}, {"address", "prefix"}
# What a format has words for.
TYPES = {"plain": {"domain"} | ADDRESSES, "hosts": NAMES, "rpz": NAMES | {"exception"} | ADDRESSES,
         "unbound": NAMES | {"exception"}, "dnsmasq": NAMES | {"exception"} | ADDRESSES,
         "adguard": NAMES | {"exception"}, "nftset": ADDRESSES, "zeek-intel": NAMES | ADDRESSES | {"certificate"},
         "suricata-dataset": NAMES, "suricata-dataset-ip": {"address"}, "stix2": NAMES | ADDRESSES | {"certificate"},
         "ioc": NAMES | ADDRESSES | {"exception", "certificate", "ja3", "ja4"}}
# Read again, a name alone is one with all below in these: their readers take every name so, or none.
ALIKE = {"hosts", "zeek-intel", "suricata-dataset", "stix2"}
# What the loader calls what was written, where it has another name.
LOADERS = {"adguard": "adblock", "suricata-dataset-ip": "plain", "stix2": "stix"}
RULES = """# bridle-ioc 1
@campaign "Peg\\asus; x"
@source Amnesty
@reference https://example.org/report
evil.example.com tier=c2
=cdn7.example.net comment="only this"
!help.deep.evil.example.com
a.b.evil.example.com campaign=Other
evil.example.com campaign=Other
=only.example.org from=2021-07-18 until=2026-12-31
under_score.example
xn--bcher-kva.example
!shop.example
in.shop.example
203.0.113.7
198.51.100.0/24
2001:db8::/48
2001:db8:1:2:3:4:5:6
2001:db8:0:0:1::1
cert:DA:39:A3:EE:5E:6B:4B:0D:32:55:BF:EF:95:60:18:90:AF:D8:07:09
ja3:e7d705a3286e19ea42f587b344ee6865
ja4:t13d1516h2_8daaf6152771_b0da82dd1658
"""
INDICATORS = {("domain", "evil.example.com"), ("name", "cdn7.example.net"), ("exception", "help.deep.evil.example.com"),
              ("domain", "a.b.evil.example.com"), ("name", "only.example.org"), ("domain", "under_score.example"),
              ("domain", "xn--bcher-kva.example"), ("exception", "shop.example"), ("domain", "in.shop.example"),
              ("address", "203.0.113.7"), ("prefix", "198.51.100.0/24"), ("prefix", "2001:db8::/48"),
              ("address", "2001:db8:1:2:3:4:5:6"), ("address", "2001:db8::1:0:0:1"),
              ("certificate", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
              ("ja3", "e7d705a3286e19ea42f587b344ee6865"), ("ja4", "t13d1516h2_8daaf6152771_b0da82dd1658")}


def run(*words, **more):
    env = dict(os.environ, SOURCE_DATE_EPOCH=EPOCH)
    return subprocess.run([str(w) for w in words], capture_output=True, text=True, env=env, check=False, timeout=120,
                          **more)


def export(form, *rules):
    """What was written, and what was told about it."""
    got = run(BRIDLECTL, "--json", "export", "--format", form, *(w for r in rules for w in ("-R", r)))
    if got.returncode != 0:
        raise RuntimeError(got.stderr)
    return got.stdout, json.loads(got.stderr.splitlines()[-1])


def read_ioc(text):
    """(type, value): campaigns. Of what export --format ioc wrote."""
    found = collections.defaultdict(set)
    for line in text.split("\n"):
        word = line.split(" ")[0]
        if word == "" or word[0] in "#@":
            continue
        kind = {"=": "name", "!": "exception"}.get(word[0], "domain")
        value = word.lstrip("=!")
        if value.split(":")[0] in ("cert", "ja3", "ja4"):
            kind, value = value.split(":")
            kind = {"cert": "certificate"}.get(kind, kind)
        elif kind == "domain" and re.fullmatch(r"[0-9.]+|[0-9a-f:]*:[0-9a-f:.]*", value.split("/")[0]):
            kind = "prefix" if "/" in value else "address"
        found[kind, value].update(re.findall(r' campaign="((?:[^"\\]|\\.)*)"', line))
    return found


def load(path):
    """What bridle reads from a file: format, {(type, value): campaigns}."""
    lines = [json.loads(line) for line in run(BRIDLECTL, "--json", "check", path).stdout.splitlines()]
    form = next((o["format"] for o in lines if "format" in o), "none")
    got = run(BRIDLECTL, "export", "--format", "ioc", "-R", path)
    return form, read_ioc(got.stdout)


def wanted(form, indicators):
    """What a format says of them, in the words of bridle; and how many of each type it leaves out."""
    kept, left = set(), collections.Counter()
    for kind, value in indicators:
        if kind not in TYPES[form] or (form == "adguard" and value == "in.shop.example"):
            left[kind] += 1
        else:
            kept.add(("domain" if kind == "name" and form in ALIKE else kind, value))
    return kept, dict(left)


def check_told(tap, rules):
    """Every indicator is written or told to be left out."""
    for form in FORMATS:
        _, told = export(form, rules)
        kept, left = wanted(form, INDICATORS)
        tap.same((told["indicators"], told["written"], told["left-out"], told["covered"], told["broken"]),
                 (len(INDICATORS), len(kept), left, 0, 0), f"{form}: what is left out is told")
    people = run(BRIDLECTL, "export", "--format", "hosts", "-R", rules)
    tap.ok("left out" in people.stderr and "2 exception" in people.stderr and "nftset" in people.stderr,
           "people are told, too, and what may help", people.stderr)


def by_lines(pattern, text):
    return set(re.findall(pattern, text, re.MULTILINE))


def addresses(values):
    return {("prefix" if "/" in v else "address", v) for v in values}


def read_unbound(text):
    zones = dict(re.findall(r'^    local-zone: "([^"]+)" (\w+)$', text, re.MULTILINE))
    kinds = {"always_nxdomain": "domain", "always_transparent": "exception", "transparent": "name"}
    return {(kinds[zone], name) for name, zone in zones.items()}


def check_round_trips(tap, folder, rules):
    for form in FORMATS:
        text, _ = export(form, rules)
        kept, _ = wanted(form, INDICATORS)
        if form == "unbound":
            tap.same(read_unbound(text), kept, f"{form}: another reader finds the same")
        if form == "nftset":
            tap.same(addresses(by_lines(r"^\t([0-9a-f.:/]+),$", text)), kept, f"{form}: another reader finds the same")
        path = folder / f"exported-{form}"
        path.write_text(text, encoding="utf-8")
        read, found = load(path)
        if read != LOADERS.get(form, form):
            tap.skip(f"{form}: read again, the same indicators", f"bridle takes it for {read}")
            continue
        if form == "rpz":  # names between a listed one and what is listed within it are written, too
            kept |= {("domain", "b.evil.example.com"), ("domain", "deep.evil.example.com")}
        tap.same(set(found), kept, f"{form}: read again, the same indicators")
        if form in ("zeek-intel", "stix2", "ioc"):
            tap.ok("Other" in found["domain", "evil.example.com"] and len(found["domain", "evil.example.com"]) == 2
                   and found["domain", "a.b.evil.example.com"] == {"Other"}, f"{form}: the same campaigns",
                   found["domain", "evil.example.com"])
    again = folder / "again.ioc"
    again.write_text(export("ioc", rules)[0], encoding="utf-8")
    tap.same(export("ioc", again)[0], again.read_text(encoding="utf-8"), "ioc: read again, the same to the last byte")


def check_details(tap, rules):
    text, _ = export("suricata-dataset", rules)
    tap.same({base64.b64decode(line).decode() for line in text.splitlines()},
             {v for k, v in INDICATORS if k in NAMES}, "suricata-dataset: names in base64")
    text, _ = export("zeek-intel", rules)
    lines = [line.split("\t") for line in text.splitlines() if not line.startswith("# ")]
    tap.same({len(line) for line in lines if line[0] != "#fields"}, {len(lines[0]) - 1}, "zeek-intel: every field")
    tap.ok(["evil.example.com", "Intel::DOMAIN", "Amnesty", "Peg\\x5casus; x; Other", "https://example.org/report",
            "Other"] in lines, "zeek-intel: campaigns, source and reference", lines)
    text, _ = export("rpz", rules)
    tap.ok({"48.zz.db8.2001.rpz-ip", "24.0.100.51.198.rpz-ip", "128.6.5.4.3.2.1.db8.2001.rpz-ip",
            "128.1.0.0.1.zz.db8.2001.rpz-ip"} <= by_lines(r"^(\S+) CNAME \.$", text), "rpz: addresses", text)
    tap.same(by_lines(r"^(\S+) CNAME rpz-passthru\.$", text), {"help.deep.evil.example.com", "shop.example",
                                                              "*.help.deep.evil.example.com", "*.shop.example"},
             "rpz: exceptions pass")


# What must not be found at the start of a line, nor make a reader stumble.
HOSTILE = ['x\nlocal-zone: "google.com" always_nxdomain', 'y"\n    local-zone: "google.com" always_nxdomain\n#',
           "z; add element inet bridle indicators4 { 8.8.8.8 }\nadd element inet bridle indicators4 { 8.8.4.4 }",
           "google.com CNAME .\ngoogle.com CNAME .", "tab\tIntel::DOMAIN\tgoogle.com\n", 'quote"}],"objects":[{"',
           "back\\slash\\", "||google.com^\n||google.com^", "\r0.0.0.0 google.com\r\n0.0.0.0 google.com", "\u202e\u2028",
           "$(reboot)`reboot`", "#fields\tindicator", "\x7f\x1b[31m\x01"]


def hostile_bundle(path):
    """A feed whose texts are configuration of other programs."""
    objects = []
    for n, text in enumerate(HOSTILE):
        malware, indicator = (f"{kind}--{uuid.uuid5(uuid.NAMESPACE_DNS, f'{kind}{n}')}"
                              for kind in ("malware", "indicator"))
        objects += [
            {"type": "malware", "spec_version": "2.1", "id": malware, "name": text, "is_family": True},
            {"type": "indicator", "spec_version": "2.1", "id": indicator, "name": text, "description": text,
             "pattern_type": "stix", "valid_from": "2021-01-01T00:00:00Z",
             "pattern": f"[domain-name:value = 'n{n}.example.com' OR ipv4-addr:value = '203.0.113.{n}']"},
            {"type": "relationship", "spec_version": "2.1", "relationship_type": "indicates", "source_ref": indicator,
             "target_ref": malware, "id": f"relationship--{uuid.uuid5(uuid.NAMESPACE_DNS, str(n))}"}]
    path.write_text(json.dumps({"type": "bundle", "id": f"bundle--{uuid.uuid5(uuid.NAMESPACE_DNS, 'b')}",
                                "objects": objects}), encoding="utf-8")


def check_hostile(tap, folder):
    path = folder / "hostile.json"
    hostile_bundle(path)
    good = {("domain", f"n{n}.example.com") for n in range(len(HOSTILE))}
    good |= {("address", f"203.0.113.{n}") for n in range(len(HOSTILE))}
    for form in FORMATS:
        text, told = export(form, path)
        strange = [line for line in re.split("[\r\n]", text) if re.match(r'[ |0.]*(google|add element inet bridle \w+ \{ 8|local-zone: "g)', line)]
        tap.same((told["indicators"], strange), (len(good), []), f"{form}: texts of feeds stay texts")
        (folder / form).write_text(text, encoding="utf-8")
    check_consumers(tap, folder, "hostile")
    tap.same(set(load(folder / "ioc")[1]), good, "ioc: a hostile feed is read again as it was")
    names = {o["name"] for o in json.loads((folder / "stix2").read_text(encoding="utf-8"))["objects"]
             if o["type"] == "malware"}
    tap.ok('quote"}],"objects":[{"' in names and len(names) == len(HOSTILE), "stix2: names of campaigns as they were",
           names)


def consumer(tap, what, *words, stdin=None, good=lambda out: True):
    if not shutil.which(words[0]):
        tap.skip(what, f"no {words[0]}")
        return
    got = run(*words, stdin=stdin)
    tap.ok(got.returncode == 0 and good(got.stdout + got.stderr), what, got.stdout[-600:] + got.stderr[-600:])


def check_consumers(tap, folder, what):
    """The programs that read these formats take them, from folder/FORMAT."""
    consumer(tap, f"unbound-checkconf takes it: {what}", "unbound-checkconf", folder / "unbound",
             good=lambda out: "warning" not in out)
    consumer(tap, f"named-checkzone takes it: {what}", "named-checkzone", "-i", "none", "bridle.rpz", folder / "rpz")
    zone = folder / "zone"
    zone.write_text("$ORIGIN bridle.rpz.\n" + (folder / "rpz").read_text(encoding="utf-8"), encoding="utf-8")
    consumer(tap, f"ldns-read-zone takes it: {what}", "ldns-read-zone", zone)
    consumer(tap, f"dnsmasq takes it: {what}", "dnsmasq", "--test", "-C", folder / "dnsmasq")
    if os.geteuid() != 0:
        tap.skip(f"nft takes it: {what}", "only root may ask nft")
    else:
        consumer(tap, f"nft takes it, twice: {what}", "unshare", "-n", "sh", "-e", "-c",
                 f"nft -c -f {folder}/nftset; nft -f {folder}/nftset; nft -f {folder}/nftset; nft list ruleset",
                 good=lambda out: "203.0.113" in out)


UUID5 = r"[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
TIME = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z"
# STIX 2.1: what an object must have (§4.7, §4.11, §5.1), and what each property must look like.
NEEDED = {"indicator": {"pattern", "pattern_type", "valid_from"}, "malware": {"is_family"},
          "relationship": {"relationship_type", "source_ref", "target_ref"}}
FORM = {"spec_version": r"2\.1", "created": TIME, "modified": TIME, "valid_from": TIME, "valid_until": TIME,
        "pattern_type": "stix", "pattern": r"\[[a-z0-9-]+:[a-zA-Z0-9.'-]+ = '[^'\\]+'\]",
        "relationship_type": "indicates"}


def wrong_objects(bundle):
    ids = [o["id"] for o in bundle["objects"]]
    if len(ids) != len(set(ids)):
        yield "an id stands twice"
    for o in bundle["objects"]:
        missing = ({"type", "spec_version", "id", "created", "modified"} | NEEDED[o["type"]]) - set(o)
        if missing or not re.fullmatch(f"{o['type']}--{UUID5}", o["id"]):
            yield (o, missing)
        yield from ((o, k) for k, form in FORM.items() if k in o and not re.fullmatch(form, o[k]))
        if o.get("valid_until", "9") <= o.get("valid_from", "0"):
            yield (o, "valid_until is not after valid_from")
        yield from ((o, k) for k in ("source_ref", "target_ref") if k in o and o[k] not in ids)


def check_stix(tap, rules):
    text, _ = export("stix2", rules)
    bundle = json.loads(text)
    wrong = list(wrong_objects(bundle))
    tap.ok(not wrong and re.fullmatch(f"bundle--{UUID5}", bundle["id"]), "stix2: a bundle of STIX 2.1", wrong)
    objects = {o["id"]: o for o in bundle["objects"]}
    campaigns = collections.defaultdict(set)
    for o in objects.values():
        if o["type"] == "relationship":
            campaigns[objects[o["source_ref"]]["name"]].add(objects[o["target_ref"]]["name"])
    tap.same(campaigns["evil.example.com"], {"Peg\\asus; x", "Other"}, "stix2: campaigns by relationships")
    dated = next(o for o in objects.values() if o.get("name") == "only.example.org")
    tap.same((dated["valid_from"], dated["valid_until"]), ("2021-07-18T00:00:00.000Z", "2026-12-31T23:59:59.000Z"),
             "stix2: dates that are known")
    tap.same(sorted(o["pattern"] for o in objects.values() if o["type"] == "indicator" and "name:" not in o["pattern"]),
             ["[ipv4-addr:value = '198.51.100.0/24']", "[ipv4-addr:value = '203.0.113.7']",
              "[ipv6-addr:value = '2001:db8:1:2:3:4:5:6']", "[ipv6-addr:value = '2001:db8::/48']",
              "[ipv6-addr:value = '2001:db8::1:0:0:1']",
              "[x509-certificate:hashes.'SHA-1' = 'da39a3ee5e6b4b0d3255bfef95601890afd80709']"], "stix2: patterns")


def check_same_again(tap, folder, rules):
    """Byte for byte, from text and from a compiled image; into a file, which is replaced whole."""
    image, out = folder / "image", folder / "out"
    run(BRIDLECTL, "compile", "-o", image, rules)
    for form in FORMATS:
        text, _ = export(form, rules)
        same = text == export(form, rules)[0] == export(form, image)[0]
        out.write_text("old")
        inode = out.stat().st_ino
        run(BRIDLECTL, "export", "--format", form, "-R", image, "-o", out)
        tap.ok(same and out.read_text(encoding="utf-8") == text and out.stat().st_ino != inode,
               f"{form}: the same from text, from an image, and in a file")
    tap.same(sorted(p.name for p in folder.glob("out*")), ["out"], "no other file is left")


def check_bad_images(tap, folder, rules):
    """A compiled image that cannot be trusted is refused by each command that takes one, with a reason."""
    good, bad = folder / "good.img", folder / "bad.img"
    run(BRIDLECTL, "compile", "-o", good, rules)
    data = good.read_bytes()
    for what, why, broken, mode in (
            ("damaged", "checksum", data[:2000] + bytes([data[2000] ^ 4]) + data[2001:], 0o644),
            ("cut off", "cut off", data[:-7], 0o644),
            ("of another version", "another version", data[:8] + bytes([data[8] + 1]) + data[9:], 0o644),
            ("open to all", "nobody else may write", data, 0o666)):
        bad.write_bytes(broken)
        bad.chmod(mode)
        for words in (["export", "--format", "plain", "-R", bad], ["compile", "-o", folder / "out.img", bad],
                      ["lookup", "-R", bad, "example.org"], ["check", bad]):
            got = run(BRIDLECTL, *words)
            tap.ok(got.returncode == 1 and why in got.stderr and not got.stdout,
                   f"{words[0]}: an image that is {what} is refused", got.stdout[-300:] + got.stderr[-300:])
    tap.ok(not (folder / "out.img").exists(), "compile: nothing is written of them")


def check_refused(tap, folder, rules):
    got = run(BRIDLECTL, "export", "--format", "bind", "-R", rules)
    tap.ok(got.returncode == 2 and all(f in got.stderr for f in FORMATS), "an unknown format: those that are",
           got.stderr)
    tap.same(run(BRIDLECTL, "export", "-R", rules).returncode, 2, "no format")
    got = run(BRIDLECTL, "export", "--format", "plain", "-R", folder / "missing")
    tap.same((got.returncode, got.stdout), (1, ""), "rules that are not there")
    got = run(BRIDLECTL, "export", "--format", "plain", "-R", rules, "-o", folder / "no" / "out")
    tap.ok(got.returncode == 1 and "No such file" in got.stderr, "a place that is not there", got.stderr)
    out = folder / "kept"
    out.write_text("old")
    with open("/dev/full", "w", encoding="ascii") as full:
        got = subprocess.run([BRIDLECTL, "export", "--format", "plain", "-R", rules], stdout=full, check=False,
                             stderr=subprocess.PIPE, text=True)
    tap.ok(got.returncode == 1 and "No space" in got.stderr, "a full disk", got.stderr)
    check_bad_images(tap, folder, rules)
    got = run(BRIDLECTL, "export", "--format", "plain", "-s", folder / "socket")
    tap.ok(got.returncode == 1 and "-R" in got.stderr, "no daemon to ask", got.stderr)


def check_overlaps(tap, folder):
    """A name that is listed in several ways is written in the one that decides."""
    rules = folder / "overlaps.ioc"
    rules.write_text("# bridle-ioc 1\n@campaign A\nboth.example.com\n=both.example.com\n!never.example.com\n"
                     "never.example.com\n=below.both.example.com\n")
    text, told = export("unbound", rules)
    tap.same((read_unbound(text), told["covered"]), ({("domain", "both.example.com"), ("exception", "never.example.com"),
                                                      ("domain", "below.both.example.com")}, 2),
             "unbound: every zone once, and no hole in one")
    text, _ = export("rpz", rules)
    tap.ok("*.below.both.example.com CNAME .\n" in text and text.count("\nboth.example.com") == 1,
           "rpz: every name once, and no hole under a wildcard", text)


def children_peak_kb():
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss


def check_million(tap, folder):
    """Besides the image, which is mapped, memory does not grow with the number of indicators."""
    rules, image, out = folder / "million.ioc", folder / "million.img", folder / "million"
    with open(rules, "w", encoding="ascii") as file:
        file.write("# bridle-ioc 1\n@campaign Million\n")
        file.writelines(f"n{n * 2654435761 % (1 << 32):08x}-{n:x}.com\n" for n in range(900_000))
        file.writelines(f"{ipaddress.ip_address(0x0b000000 + 977 * n)}\n" for n in range(100_000))
    compiled = run(BRIDLECTL, "compile", "-o", image, rules)
    tap.same(compiled.returncode, 0, "a million indicators")
    rules.unlink()
    for form in ("stix2", "rpz", "nftset", "ioc"):
        script = ("import resource, subprocess, sys; code = subprocess.run(sys.argv[1:]).returncode;"
                  "print(code, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)")
        got = run(sys.executable, "-c", script, BRIDLECTL, "export", "--format", form, "-R", image, "-o", out)
        code, peak = map(int, got.stdout.split()) if got.stdout else (-1, 0)
        limit = image.stat().st_size // 1024 + 16384
        tap.ok(code == 0 and (SANITIZED or peak <= limit), f"{form}: {peak} kB at most, {limit} with the image",
               got.stderr)
        if form == "nftset" and os.geteuid() == 0 and shutil.which("nft"):
            got = run("unshare", "-n", "nft", "-c", "-f", out)
            tap.same(got.returncode, 0, "nft takes 100,000 addresses")


COMPLETE = """PATH=$1:$PATH; . "$2"; compopt() { :; }; COMP_WORDS=(bridlectl $3 ''); COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_bridlectl; echo "${COMPREPLY[@]}" """


def check_completion(tap, folder):
    """Shells complete what the program says that there is."""
    script = SOURCE / "contrib/completions/bridlectl.bash"
    if not shutil.which("bash"):
        tap.skip("completion", "no bash")
        return
    got = run("bash", "-c", COMPLETE, "bash", BUILD / "daemon", script, "export --format", cwd=folder)
    tap.same(got.stdout.split(), FORMATS, "bash: formats are completed")
    got = run("bash", "-c", COMPLETE, "bash", BUILD / "daemon", script, "", cwd=folder)
    tap.ok({"status", "check", "export", "compile"} <= set(got.stdout.split()), "bash: commands are completed", got.stdout)
    for shell, name in (("zsh", "_bridlectl"), ("fish", "bridlectl.fish")):
        consumer(tap, f"{shell}: the completion can be read", shell, "-n", script.parent / name)


def check_configured(tap, folder):
    """What a configuration names is compiled, looked up and exported as the daemon would load it."""
    (folder / "list").write_text("one.example.com\n")
    (folder / "more.csv").write_text("two.example.com,x\n")
    conf = folder / "bridled.conf"
    conf.write_text(f"[rules]\npath = {folder}/list\n[source more]\npath = {folder}/more.csv\ncolumns = value,-\n"
                    "campaign = More\nallow = one.example.com\n")
    got = run(BRIDLECTL, "compile", "-c", conf, "-o", folder / "image")
    tap.ok(got.returncode == 0 and "2 indicators" in got.stdout, "compile: what a configuration names",
           got.stdout + got.stderr)
    tap.same(run(BRIDLECTL, "compile", "-o", folder / "image").returncode, 2, "compile: nothing is named")
    text = run(BRIDLECTL, "export", "--format", "ioc", "-c", conf).stdout
    tap.same((set(read_ioc(text)), text), ({("domain", "one.example.com"), ("domain", "two.example.com")},
                                           run(BRIDLECTL, "export", "--format", "ioc", "-R", folder / "image").stdout),
             "export: what a configuration names, as from its image")
    tap.ok('campaign="More"' in text, "with what its sections say", text)
    got = run(BRIDLECTL, "lookup", "-c", conf, "www.two.example.com")
    tap.ok("matches two.example.com" in got.stdout, "lookup: what a configuration names", got.stdout + got.stderr)


def main():
    tap = Tap()
    for check in (check_told, check_details, check_stix):
        with tempfile.TemporaryDirectory() as folder:
            rules = pathlib.Path(folder) / "rules.ioc"
            rules.write_text(RULES, encoding="utf-8")
            check(tap, rules)
    for check in (check_round_trips, check_same_again, check_refused):
        with tempfile.TemporaryDirectory() as folder:
            rules = pathlib.Path(folder) / "rules.ioc"
            rules.write_text(RULES, encoding="utf-8")
            check(tap, pathlib.Path(folder), rules)
    for check in (check_overlaps, check_hostile, check_configured, check_completion, check_million):
        with tempfile.TemporaryDirectory() as folder:
            check(tap, pathlib.Path(folder))
    return tap.done()


sys.exit(main())
