# SPDX-License-Identifier: BSD-2-Clause
"""Other programs over the same captures, where they are installed."""
import shutil
import statistics
import tempfile
from dataclasses import dataclass

from runs import Failed, rounds, run, summary

SURICATA = '/etc/suricata/suricata.yaml'


@dataclass(frozen=True)
class Peer:
    name: str
    program: str
    arguments: tuple  # {capture}: the file, {folder}: one for its output
    packets: int  # of a slow one: so many of the capture's first


PEERS = [
    # -Z: as root it gives what it writes to a user of its own, /dev/null too
    Peer('tcpdump', 'tcpdump', ('-Z', 'root', '-n', '-r', '{capture}', '-w', '/dev/null'), 1_000_000),
    Peer('tshark', 'tshark', ('-n', '-r', '{capture}'), 30_000),
    Peer('ndpiReader', 'ndpiReader', ('-q', '-i', '{capture}'), 200_000),
    Peer('Suricata', 'suricata', ('-c', SURICATA, '-r', '{capture}', '-l', '{folder}', '--runmode', 'single'), 500_000),
    Peer('Snort', 'snort', ('-q', '-r', '{capture}', '-l', '{folder}'), 500_000),
    Peer('Zeek', 'zeek', ('-C', '-r', '{capture}'), 200_000),
    Peer('mercury', 'mercury', ('-r', '{capture}', '-f', '/dev/null'), 1_000_000),
]
MIXES = ('isp', 'dns', 'tls', 'quic', 'syn', 'bulk')


def _command(peer, capture, folder):
    return [peer.program, *(a.format(capture=capture, folder=folder) for a in peer.arguments)]


def _one(peer, material, capture, count):
    """CPU time of a packet in ns, without the start."""
    packets = min(peer.packets, capture.packets)
    part = capture.path if packets == capture.packets else material.head(capture, packets)
    few = material.head(capture)
    with tempfile.TemporaryDirectory() as folder:
        got = rounds({'start': lambda: run(_command(peer, few, folder), cwd=folder),
                      'whole': lambda: run(_command(peer, part, folder), cwd=folder)},
                     count, f'{peer.name}, {capture.path.stem}')
    start_ns = statistics.median(c.cpu_ns for c in got['start'])
    return summary([(c.cpu_ns - start_ns) / packets for c in got['whole']]) | {'packets': packets}


def _all(peer, material, packets, count):
    """{mix: figures}, or why there are none."""
    result, why = {}, 'nothing was measured'
    for mix in MIXES:
        try:
            result[mix] = _one(peer, material, material.capture(mix, packets[mix]), count)
        except Failed as failed:
            why = str(failed)
    return result or why


def measure(material, packets, count):
    """{peer: {mix: figures} or why there are none}."""
    return {peer.name: _all(peer, material, packets, count) if shutil.which(peer.program) else 'not installed'
            for peer in PEERS}
