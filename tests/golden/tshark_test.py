#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""tshark_test.py SOURCE BUILD: the golden cases, as another program reads them. Every name that it finds must be
expected of bridled; where bridled alone finds some is listed here, with the reason."""
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import captures  # noqa: E402
import make  # noqa: E402
from tap import Tap, skip_all  # noqa: E402

FIELDS = {'dns.qry.name': 'dns-query', 'tls.handshake.extensions_server_name': 'tls-sni',
          'x509ce.dNSName': 'tls-cert-name'}
SAME = {'quic-sni': 'tls-sni'}  # it has one field for both
PLAIN = re.compile(r'[a-z0-9._-]+')  # other octets are escaped, by each program in its way
ALONE = {
    'cert-common-name': 'it is asked for alternative names alone',
    'tls-conflict': 'it reads one of two segments that disagree',
    'tls-before-syn': 'a segment before the SYN is none to it',
    'tls-midstream': 'it does not look for a hello behind other bytes',
    'quic-google': 'it has other fields for a handshake that is no TLS',
    'quic-post-quantum': 'it does not join a hello over two Initials',
    'dns-broken': 'it tells nothing of a message that is cut',
    'tunnel-access': 'it takes the frame control of all CAPWAP for swapped',
    'tunnel-apart': 'it takes a flow in a tunnel for the one outside',
    'tunnel-links': 'it guesses no pseudowires, and does not know the tag 0x9300',
    'starttls-certificate': 'it is asked for alternative names alone',
    'starttls-not': 'it does not look for a hello in a mail',
}
OTHERWISE = {
    'dns-hostile': 'it does not escape dots within labels',
    'cert-hostile': 'it ends names at NUL, and takes the chain for its first',
    'quic-hostile': 'it ends names at NUL',
    'tls-hostile': 'it ends names at NUL, and takes those that are too long for a name',
}


def read(frames):
    """{frame number: {(via, name)}}"""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, 'all.pcap')
        path.write_bytes(captures.pcap(frames))
        done = subprocess.run(
            ['tshark', '-r', path, '-n', '-o', 'tcp.reassemble_out_of_order:TRUE', '-d', 'tcp.port==30897,tls',
             '-T', 'fields', '-E', 'occurrence=a', '-E', 'aggregator=\x01', '-e', 'frame.number',
             *(a for f in FIELDS for a in ('-e', f))], capture_output=True, text=True, timeout=120, check=True)
    found = {}
    for line in done.stdout.splitlines():
        number, *values = line.split('\t')
        found[int(number)] = {(via, name.lower().rstrip('.')) for via, value in zip(FIELDS.values(), values)
                              for name in value.split('\x01') if name}
    return found


def expected(folder):
    events = [json.loads(line) for line in (folder / 'expect.jsonl').read_text(encoding='utf-8').splitlines()]
    return {(SAME.get(e['via'], e['via']), e['name']) for e in events
            if e['event_type'] == 'observation' and SAME.get(e['via'], e['via']) in FIELDS.values()}


def plain(names):
    return {(via, name) for via, name in names if PLAIN.fullmatch(name)}


def main():
    if shutil.which('tshark') is None:
        skip_all('no tshark')
    tap = Tap()
    folders = sorted(p.parent for p in make.FOLDER.glob('*/input.pcap'))
    frames, ends = [], []
    for number, folder in enumerate(folders, 1):
        frames += [captures.Frame(*f).variant(number) for f in captures.read(folder / 'input.pcap')]
        ends.append(len(frames))
    found = read(frames)
    for folder, begin, end in zip(folders, [0, *ends], ends):
        theirs = plain(set().union(*(found.get(i, set()) for i in range(begin + 1, end + 1))))
        ours = plain(expected(folder))
        if folder.name in OTHERWISE:
            tap.skip(f'{folder.name}: the names that tshark finds', OTHERWISE[folder.name])
            continue
        good = theirs <= ours and (theirs == ours or folder.name in ALONE)
        tap.ok(good, f'{folder.name}: the names that tshark finds', f'only tshark {theirs - ours}\nonly bridled {ours - theirs}')
    return tap.done()


if __name__ == '__main__':
    sys.exit(main())
