# SPDX-License-Identifier: BSD-2-Clause
"""What is measured with: captures and lists of indicators that bench-gen makes, kept from run to run."""
import hashlib
import json
import pathlib
import re
import struct
from dataclasses import dataclass

from runs import Failed, output, progress

SEED = 1
COMPILED = re.compile(r'(\d+) indicators')
FEW = 10  # packets of a capture that only starts and ends a program
RECORD = struct.Struct('<IIII')
FILE_HEADER_BYTES = 24


@dataclass(frozen=True)
class Capture:
    path: pathlib.Path
    packets: int
    bytes: int  # on the wire
    incidents: int  # that are to be found
    listed: dict


@dataclass(frozen=True)
class Image:
    path: pathlib.Path
    bytes: int


def _digest(path):
    return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()


class Material:
    """Files below `folder`. They are made anew when the program that makes them changed."""

    def __init__(self, build, folder):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.gen = build / 'tests' / 'bench' / 'bench-gen'
        self.bridlectl = next((p for p in (build / 'daemon').rglob('bridlectl') if p.is_file()), None)
        self.made_by = _digest(self.gen)

    def _kept(self, path, arguments):
        """What bench-gen said when it made the file, now or earlier."""
        note = path.with_name(path.name + '.json')
        wanted = {'by': self.made_by, 'arguments': [str(a) for a in arguments]}
        if note.exists() and path.exists():
            said = json.loads(note.read_text())
            if {k: said.get(k) for k in wanted} == wanted and said.get('size') == path.stat().st_size:
                return said['said']
        progress(f'making {path.name}')
        note.unlink(missing_ok=True)
        text = output([self.gen, *arguments, '-o', path])
        said = json.loads(text) if text.strip() else {}
        note.write_text(json.dumps({**wanted, 'size': path.stat().st_size, 'said': said}) + '\n')
        return said

    def capture(self, mix, packets):
        path = self.folder / f'{mix}-{packets}.pcap'
        said = self._kept(path, [mix, '--packets', packets, '--seed', SEED])
        return Capture(path, said['packets'], said['bytes'], said['incidents'], said.get('listed', {}))

    def rules(self, names, ranges=0):
        path = self.folder / f'rules-{names}-{ranges}.txt'
        self._kept(path, ['rules', '--names', names, '--addresses', ranges])
        return path

    def image(self, rules, loader, indicators):
        """The list compiled, unless that was done before by the same loader; all of `indicators` are in it, but for the
        few random prefixes that happen to hold what guards know."""
        path = rules.with_suffix('.image')
        by = _digest(loader) + _digest(rules)
        note = path.with_name(path.name + '.by')
        if not (path.exists() and note.exists() and note.read_text() == by):
            if self.bridlectl is None:
                raise Failed('bridlectl is not built')
            progress(f'compiling {rules.name}')
            said = COMPILED.search(output([self.bridlectl, 'compile', '-o', path, rules]))
            if said is None or int(said[1]) < indicators - indicators // 10000:
                raise Failed(f"{rules.name}: {said[1] if said else 'none'} of {indicators} indicators were compiled")
            note.write_text(by)
        return Image(path, path.stat().st_size)

    def head(self, capture, packets=FEW):
        """The path of a capture of its first packets."""
        path = capture.path.with_name(f'{capture.path.stem}-head-{packets}.pcap')
        if not path.exists() or path.stat().st_mtime_ns < capture.path.stat().st_mtime_ns:
            with open(capture.path, 'rb') as whole, open(path, 'wb') as part:
                part.write(whole.read(FILE_HEADER_BYTES))
                for _ in range(packets):
                    record = whole.read(RECORD.size)
                    if len(record) < RECORD.size:
                        break
                    part.write(record + whole.read(RECORD.unpack(record)[2]))
        return path
