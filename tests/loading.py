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

WIRE_FD, BEFORE_FD, KNOWN_FD, NEXT_FD = 3, 4, 5, 6
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
    kept: list = field(default_factory=list)  # (path, now, before)
    changes: list = field(default_factory=list)  # (what, type, value, feed)
    diff: tuple = None  # (added, removed, changed)
    expires: int = None
    known: bytes = None  # the next file of known values, if it is another
    has_known: bool = False
    total: int = -1
    image: bytes = None
    seals: list = field(default_factory=list)  # of all descriptors that came
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
    elif kind == "kept":
        report.kept.append((fields[0], int(fields[1]), int(fields[2])))
    elif kind == "change":
        report.changes.append(tuple(fields))
    elif kind == "diff":
        report.diff = tuple(map(int, fields))
    elif kind == "expires":
        report.expires = int(fields[0])
    elif kind == "known":
        report.has_known = True
    elif kind != "image":
        raise ValueError(f"not a line of the report: {line!r}")


def receive(sock, report):
    room = socket.CMSG_SPACE(array.array("i").itemsize)
    while True:
        data, control, _, _ = sock.recvmsg(LINE_MAX, room)
        if not data:
            return
        line = data.decode("ascii")
        take_line(report, line)
        for _, _, fds in control:
            fd = array.array("i", fds)[0]
            report.seals.append(fcntl.fcntl(fd, fcntl.F_GET_SEALS))
            with os.fdopen(fd, "rb") as file:
                file.seek(0)
                setattr(report, line.split("\t")[0], file.read())


def as_file(content):
    fd = os.memfd_create("given")
    with os.fdopen(os.dup(fd), "wb") as file:
        file.write(content)
    return fd


def load(loader, *args, before=None, known=None, timeout=120):
    """`loader` is the path of the executable; `before` the image in use, `known` the file of known values, as
    bytes."""
    report = Report()
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    following = None if known is None else as_file(b"")
    given = [(fd, as_file(content)) for fd, content in ((BEFORE_FD, before), (KNOWN_FD, known)) if content is not None]
    given += [] if following is None else [(NEXT_FD, os.dup(following))]
    # Out of the way of the numbers that they shall have.
    source = [(to, fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 100)) for to, fd in [(WIRE_FD, theirs.fileno()), *given]]
    args = (["--before"] if before is not None else []) + (["--known"] if known is not None else []) + list(args)

    def place():
        for to, fd in source:
            os.dup2(fd, to, inheritable=True)

    with subprocess.Popen([str(loader), *map(str, args)], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
                          close_fds=False, preexec_fn=place) as process:
        theirs.close()
        for _, fd in source + given:
            os.close(fd)
        ours.settimeout(timeout)
        receive(ours, report)
        report.stderr = process.communicate(timeout=timeout)[1].decode(errors="replace")
        report.exit = process.returncode
    ours.close()
    if following is not None:
        with os.fdopen(following, "rb") as file:
            file.seek(0)
            report.known = file.read() if report.has_known else None
    return report
