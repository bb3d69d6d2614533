# SPDX-License-Identifier: BSD-2-Clause
"""Runs bridle-loader as main does (daemon/intel/load_wire.h) and gives its report as Python objects."""
import array
import fcntl
import os
import pathlib
import re
import socket
import subprocess
from dataclasses import dataclass, field

WIRE_FD = 3
OK, INCOMPLETE, FAILED = range(3)
LINE_MAX = 2048
# What is counted, as the program's own table has it: [(name, whether it is what became of an entry)].
TABLE = [(name, kind != "DETAIL") for name, kind in
         re.findall(r'^    X\([A-Z_]+, "([a-z-]+)", (OUTCOME|PROBLEM|DETAIL)\)',
                    (pathlib.Path(__file__).parents[1] / "daemon/intel/load_report.h").read_text(), re.M)]
COUNTS = [name for name, _ in TABLE]
OUTCOMES = [name for name, outcome in TABLE if outcome]


@dataclass
class Note:
    path: str
    line: int
    column: int
    kind: str
    value: str
    text: str
    reason: str


@dataclass
class Report:
    files: dict = field(default_factory=dict)  # path: (format, {count: number})
    notes: list = field(default_factory=list)
    progress: list = field(default_factory=list)  # (bytes, of bytes, entries)
    total: int = -1
    image: bytes = None
    seals: int = 0
    exit: int = -1
    stderr: str = ""

    def count(self, name):
        return sum(counts[name] for _, counts in self.files.values())

    def of_kind(self, *kinds):
        return [n for n in self.notes if n.kind in kinds]


def take_line(report, line):
    kind, *fields = line.split("\t")
    if kind == "file":
        report.files[fields[0]] = (fields[1], dict(zip(COUNTS, map(int, fields[2:]), strict=True)))
    elif kind == "note":
        path, number, column, note, value, text, reason = fields
        report.notes.append(Note(path, int(number), int(column), note, value, text, reason))
    elif kind == "progress":
        report.progress.append(tuple(map(int, fields)))
    elif kind == "total":
        report.total = int(fields[0])
    elif kind != "image":
        raise ValueError(f"not a line of the report: {line!r}")


def receive(sock, report):
    room = socket.CMSG_SPACE(array.array("i").itemsize)
    while True:
        data, control, _, _ = sock.recvmsg(LINE_MAX, room)
        if not data:
            return
        take_line(report, data.decode("ascii"))
        for _, _, fds in control:
            fd = array.array("i", fds)[0]
            report.seals = fcntl.fcntl(fd, fcntl.F_GET_SEALS)
            with os.fdopen(fd, "rb") as image:
                image.seek(0)
                report.image = image.read()


def load(loader, *args, timeout=120):
    """`loader` is the path of the executable."""
    report = Report()
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)

    def place():
        os.dup2(theirs.fileno(), WIRE_FD, inheritable=True)

    with subprocess.Popen([str(loader), *map(str, args)], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
                          close_fds=False, preexec_fn=place) as process:
        theirs.close()
        ours.settimeout(timeout)
        receive(ours, report)
        report.stderr = process.communicate(timeout=timeout)[1].decode(errors="replace")
        report.exit = process.returncode
    ours.close()
    return report
