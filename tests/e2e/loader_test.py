#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""bridle-loader as a process, in its jail: what it sends, how it exits, and what hostile folders do to it."""
import fcntl
import os
import pathlib
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
    tap.same(report.seals, SEALED, "nobody can change the image any more")
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
        file.truncate(1 << 30)
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


def main():
    tap = Tap()
    for check in (check_exits, check_guards, check_hostile):
        with tempfile.TemporaryDirectory() as folder:
            inner = pathlib.Path(folder) / "rules"
            inner.mkdir()
            check(tap, inner)
    return tap.done()


sys.exit(main())
