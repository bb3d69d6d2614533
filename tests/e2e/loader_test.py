#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""bridle-loader as a process, in its jail: what it sends, how it exits, what hostile folders do to it, and what
bridlectl finds in the image that comes of it."""
import fcntl
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import loading
from tap import Tap

SOURCE, BUILD = map(pathlib.Path, sys.argv[1:3])
LOADER = BUILD / "daemon" / "bridle-loader"
SEALED = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE


def check_exits(tap, folder):
    good, bad = folder / "good.txt", folder / "bad.txt"
    good.write_text("a.example\n")
    bad.write_text("%%% %%%\n")
    report = loading.load(LOADER, good)
    tap.same((report.exit, report.total, report.stderr), (loading.OK, 1, ""), "a good file")
    tap.same(report.seals, [SEALED], "nobody can change the image any more")
    tap.ok(b"example" in report.image or b"elpmaxe" in report.image, "the image has the name")
    report = loading.load(LOADER, bad)
    tap.same((report.exit, report.total), (loading.INCOMPLETE, 0), "nothing loaded")
    tap.ok(report.image, "an image without indicators is sent all the same")
    report = loading.load(LOADER, good, folder / "missing")
    tap.same((report.exit, report.total), (loading.INCOMPLETE, 1), "a path that is not there")
    tap.same([(n.kind, n.path) for n in report.notes], [("error", str(folder / "missing"))], "it is told")
    report = loading.load(LOADER)
    tap.same((report.exit, report.image), (loading.FAILED, None), "no path at all")


def check_guards(tap, folder):
    (folder / "list.txt").write_text("dynamic-dns.net\naccess.dynamic-dns.net\n")
    report = loading.load(LOADER, "--guard", SOURCE / "rules" / "guard", folder / "list.txt")
    tap.same((report.total, [n.value for n in report.of_kind("quarantined")]), (1, ["dynamic-dns.net"]),
             "the rules' guards guard other folders")
    tap.same(set(report.files), {str(folder / "list.txt")}, "guards alone are not reported as files")
    report = loading.load(LOADER, "--guard", folder / "missing", folder / "list.txt")
    tap.same([n.kind for n in report.of_kind("error", "warning")], ["warning"], "missing guards are a warning")


def hostile(folder):
    """Makes what a hostile or broken folder has; gives the names and what must be said about each."""
    (folder / "binary").write_bytes(bytes(range(256)) * 64)
    (folder / "utf16.txt").write_text("a.example\n", encoding="utf-16")
    (folder / "empty").touch()
    (folder / "json").write_text('{"type": "bundle",\n"objects": [}')
    (folder / "endless").write_text("x" * 10_000_000)
    (folder / "long.txt").write_text("b.example\n" + "x" * 1_000_000 + "\nc.example\n")
    with open(folder / "sparse", "wb") as file:
        file.truncate(3 << 30)
    with open(folder / "holes", "wb") as file:
        file.truncate(250 << 20)
    os.mkfifo(folder / "fifo")
    os.symlink("/dev/zero", folder / "device")
    os.symlink(".", folder / "here")
    os.symlink("..", folder / "deep-up")
    os.symlink("loop", folder / "loop")
    os.symlink("/proc/self/mem", folder / "memory")
    os.symlink("/proc/kmsg", folder / "kernel")
    (folder / "secret").write_text("d.example\n")
    os.chmod(folder / "secret", 0)
    (folder / "closed").mkdir(mode=0)
    (folder / "bad\nname\t\x1b[31m.txt").write_text("e.example\n")
    return {"binary": "binary", "utf16.txt": "UTF-16", "empty": "empty", "json": "JSON", "endless": "known format",
            "long.txt": "longer than 65536", "sparse": "too large", "holes": "binary", "fifo": "neither",
            "device": "neither", "loop": "circle", "secret": "denied", "closed": "denied"}


def check_hostile(tap, folder):
    wanted = hostile(folder)
    report = loading.load(LOADER, folder)
    tap.same((report.exit, report.stderr), (loading.OK, ""), "a hostile folder does not stop a load")
    tap.same(report.total, 3, "what is good in it is loaded")
    told = {n.path.removeprefix(f"{folder}/"): n.text for n in report.notes}
    for name, text in wanted.items():
        tap.ok(text in told.get(name, ""), f"{name} is told", told.get(name, "nothing was said"))
    tap.ok(f"{folder}/bad\\010name\\009\\027[31m.txt" in report.files, "names of files are escaped", set(report.files))
    os.chmod(folder / "closed", 0o700)


def write_names(path, count, head=""):
    """As many different names as feeds have them, of 20 characters on average."""
    with open(path, "w", encoding="ascii") as file:
        file.write(head)
        for first in range(0, count, 10000):
            file.write("".join(f"{'www.' if n % 3 else ''}n{n * 2654435761 % (1 << 32):08x}-{n:x}.com\n"
                               for n in range(first, min(first + 10000, count))))


def check_large(tap, folder):
    """More than a million names in one file, with a guard behind them, in little memory."""
    names = folder / "names.ioc"
    write_names(names, 1_200_000, "@campaign Large\n")
    with open(names, "a", encoding="ascii") as file:
        file.write("@campaign Last\nshared.example\nx.shared.example\n@guard shared\nshared.example\n")
    size, step = names.stat().st_size, 4 << 20
    report = loading.load(LOADER, folder)
    tap.same((report.exit, report.total, report.count("guards")), (loading.OK, 1_200_001, 1), "1.2 million names load")
    tap.same([n.value for n in report.of_kind("quarantined")], ["shared.example"], "a guard at the end guards all")
    tap.ok(size // step - 1 <= len(report.progress) <= size // step + 1, "progress is told every 4 MiB",
           (size, report.progress))
    tap.ok(all(b <= of == size for b, of, _ in report.progress) and report.progress == sorted(report.progress),
           "it grows towards the size of the file", report.progress)
    tap.same(report.notes, report.of_kind("quarantined"), "nothing else is told")


def check_limits(tap, folder):
    names, huge = folder / "names.txt", folder / "huge.json"
    write_names(names, 200_000)
    report = loading.load(LOADER, "--memory", 64 << 20, names)
    tap.same((report.exit, report.total), (loading.OK, 200_000), "200,000 names load in 64 MiB")
    report = loading.load(LOADER, "--entries", 150_000, names)
    tap.same((report.exit, report.total), (loading.OK, 150_000), "a limit on entries is kept")
    tap.same([(n.kind, "limits.indicators" in n.text) for n in report.notes], [("error", True)], "and told")
    huge.write_text('{"type":"bundle","objects":[' + ",".join(['{"a":[[],[],[],[]]}'] * 2_000_000) + "]}")
    report = loading.load(LOADER, "--memory", 64 << 20, huge, names)
    tap.same((report.exit, report.total, [(n.kind, n.path) for n in report.notes]),
             (loading.OK, 200_000, [("warning", str(huge))]), "JSON of any size costs no memory")
    for wrong in (("--memory", "x"), ("--entries", "0")):
        tap.same(loading.load(LOADER, *wrong, names).exit, loading.FAILED, f"{wrong} is refused")


def check_before(tap, folder):
    """Loads behind loads, in the jail, as main makes them."""
    good, other = folder / "good.txt", folder / "other.txt"
    names = [f"n{n}.example" for n in range(100)]
    good.write_text("\n".join(names) + "\n")
    other.write_text("x.example\n")
    day = 86400
    first = loading.load(LOADER, "--now", 20000 * day, good, other, known=b"")
    tap.same((first.exit, first.diff, len(first.known), first.seals), (loading.OK, None, 32 + 12 * 101, [SEALED]),
             "the first load begins the known values")
    good.write_text("\n".join(names[:-1] + ["new.example"]) + "\n")
    second = loading.load(LOADER, "--now", 20001 * day, good, other, before=first.image, known=first.known)
    tap.same((second.exit, second.diff, second.kept), (loading.OK, (1, 1, 0), []), "what changed is counted")
    tap.same(second.changes, [("added", "domain", "new.example", str(good)),
                              ("removed", "domain", names[-1], str(good))], "and told")
    good.write_text("<html>502 Bad Gateway</html>\n")
    third = loading.load(LOADER, "--now", 20002 * day, good, other, before=second.image, known=second.known)
    tap.same((third.exit, third.kept, third.diff), (loading.OK, [(str(good), 0, 100)], (0, 0, 0)),
             "a list that is no list any more is kept")
    good.unlink()
    gone = loading.load(LOADER, good, other, before=third.image, known=third.known)
    tap.same((gone.exit, gone.kept, gone.diff), (loading.OK, [(str(good), 0, 100)], (0, 0, 0)),
             "one that is not there, too")
    lost = loading.load(LOADER, good, other)
    tap.same((lost.exit, lost.total), (loading.INCOMPLETE, 1), "without an image before it is an error")
    taken = loading.load(LOADER, "--take-shrunk", other, before=third.image, known=third.known)
    tap.same((taken.exit, taken.diff), (loading.OK, (0, 100, 0)), "who takes it out means it")
    same = loading.load(LOADER, "--now", 20002 * day, good, other, before=third.image, known=third.known)
    tap.same((same.exit, same.known), (loading.OK, None), "known values that did not change are not told")
    for before, known in ((b"", b"x"), (b"BRIDLEIM" * 100, os.urandom(500)), (third.image[:-1], third.known[:-1])):
        bad = loading.load(LOADER, other, before=before, known=known)
        tap.same((bad.exit, bad.total, [n.kind for n in bad.notes]), (loading.OK, 1, ["warning"] * 2),
                 f"damaged ones do not stop a load ({len(before)} bytes)")


def check_sources(tap, folder):
    names = folder / "names.txt"
    names.write_text("evil.example\na.example\ncloudfront.net\n")
    report = loading.load(LOADER, "--source", "one", "--campaign", "C", "--tier", "c2", "--trust", "low", "--allow",
                          "a.example", "--force", "=cloudfront.net", names)
    tap.same((report.exit, report.total, report.count("allowed"), report.count("forced")), (loading.OK, 2, 1, 1),
             "options of a source")
    for wrong in (["--tier", "no"], ["--trust", "all"], ["--now", "x"], ["--allow"]):
        tap.same(loading.load(LOADER, *wrong, names).exit, loading.FAILED, f"{wrong} is refused")


CERT, JA3, JA4 = ("da39a3ee5e6b4b0d3255bfef95601890afd80709", "e7d705a3286e19ea42f587b344ee6865",
                  "t13d1516h2_8daaf6152771_b0da82dd1658")


def lookup(rules, *values):
    return subprocess.run([BUILD / "daemon" / "bridlectl", "lookup", "--json", "-R", rules, *values], text=True,
                          capture_output=True, check=False)


def check_digests(tap, folder):
    """From a file over a compiled image to the answer, whatever the form in which it is asked for."""
    rules, image = folder / "digests.ioc", folder / "image"
    colons = ":".join(CERT[i:i + 2] for i in range(0, len(CERT), 2)).upper()
    rules.write_text(f"@campaign Pegasus\ncert:{colons}\nja3:{JA3}\n{JA4}\n@resolver R\ndns.example\n192.0.2.53\n")
    subprocess.run([BUILD / "daemon" / "bridlectl", "compile", "-o", image, rules], check=True,
                   capture_output=True)
    asked = {CERT: "certificate", colons: "certificate", "CERT:" + CERT: "certificate", JA3: "ja3",
             "ja3:" + JA3.upper(): "ja3", JA4: "ja4", "JA4:" + JA4.upper(): "ja4", "cert:" + JA3: None,
             "ja3:" + CERT[:32]: None, CERT + ".example": None, JA3[:-1] + "6": None}
    answers = {a["query"]: a for a in map(json.loads, lookup(image, *asked).stdout.splitlines())}
    tap.same({q: a.get("ioc", {}).get("type") for q, a in answers.items()}, asked, "digests are found in every form")
    tap.same(answers[colons]["ioc"]["value"], CERT, "and told in one")
    asked = ["dns.example", "a.dns.example", "192.0.2.53", "xdns.example", "192.0.2.54"]
    answers = [json.loads(line) for line in lookup(image, *asked).stdout.splitlines()]
    tap.same([(a["match"], a.get("resolver", False)) for a in answers],
             [(False, True)] * 3 + [(False, False)] * 2, "resolvers are told and match nothing")
    old = bytearray(image.read_bytes())
    old[8:12] = (1).to_bytes(4, "little")
    image.write_bytes(old)
    run = lookup(image, CERT)
    tap.ok(run.returncode == 1 and "another version" in run.stderr, "an image of version 1 is refused", run.stderr)


def main():
    tap = Tap()
    for check in (check_exits, check_guards, check_hostile, check_large, check_limits, check_before, check_sources,
                  check_digests):
        with tempfile.TemporaryDirectory() as folder:
            inner = pathlib.Path(folder) / "rules"
            inner.mkdir()
            check(tap, inner)
    return tap.done()


sys.exit(main())
