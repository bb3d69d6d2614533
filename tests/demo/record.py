#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Records the demo capture: real clients visit listed names in a lab of network namespaces.

Run as root: tests/demo/record.py [FILE]. Needs chromium, curl, dig, ethtool, iproute2, openssl, tcpdump
and unbound. Nothing leaves the machine: the addresses of the servers exist only inside the lab.
"""
import os
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lab import Lab, available  # noqa: E402

# Indicators of rules/, at addresses of the ranges that AWS and DigitalOcean publish. The last three are
# innocent, at addresses for documentation (RFC 5737, RFC 3849).
NAMES = {
    'free247downloads.com': ['3.121.17.77'],             # AWS
    'opposedarrangement.net': ['18.195.40.9'],           # AWS
    'd38j2563clgblt.cloudfront.net': ['13.225.61.20'],   # AWS CloudFront
    'urlpush.net': ['138.68.77.115'],                    # DigitalOcean
    'bahrainsms.co': ['159.65.201.5'],                   # DigitalOcean
    'example.org': ['192.0.2.10', '2001:db8::10'],
    'example.net': ['198.51.100.20'],
    'example.com': ['203.0.113.30'],
}
TRAP = 'd9z3sz93x5ueidq3.get1tn0w.free247downloads.com'


def visit(phone, laptop, tablet):
    """An ordinary hour on a home network, in half a minute."""
    phone.run('dig', '+short', 'www.example.org')
    laptop.run('curl', '-ks', '-o', '/dev/null', 'https://www.example.org/')
    laptop.run('curl', '-s', '-o', '/dev/null', 'http://www.example.net/')
    tablet.run('dig', '+tcp', '+short', 'mail.example.com', 'AAAA')
    laptop.browse('https://news.example.com/', seconds=4)

    phone.run('dig', 'info8fvhgl3.urlpush.net')                          # asked for, never visited
    phone.browse(f'https://{TRAP}:30897/rdEN5YP', seconds=4)             # the infection link of a message
    laptop.run('curl', '-ks', '-o', '/dev/null', 'https://bahrainsms.co/')
    tablet.run('curl', '-ks', '-m', '3', '-o', '/dev/null', 'https://opposedarrangement.net/')  # no answer
    tablet.run('curl', '-ks', '-o', '/dev/null', 'https://d38j2563clgblt.cloudfront.net/')
    phone.run('curl', '-6ks', '-o', '/dev/null', 'https://www.example.org/')
    laptop.run('dig', '+short', 'nothing.example.com', 'MX')


def second_segment_has_name(path):
    """Whether Chromium's hello was cut into two segments with the server name in the second."""
    from scapy.all import TCP, PcapReader  # slow to import, and root's warnings are not ours
    found = [bytes(p[TCP].payload) for p in PcapReader(path) if TCP in p and TRAP.encode() in bytes(p[TCP].payload)]
    return bool(found) and not found[0].startswith(b'\x16\x03')


def record(path):
    with Lab('demo') as lab:
        phone, laptop, tablet = lab.client('phone', 42), lab.client('laptop', 23), lab.client('tablet', 64)
        lab.serve_names(NAMES)
        for port in (443, 30897):
            lab.serve_https(port)
        lab.router.start('/usr/bin/python3', pathlib.Path(__file__).parents[1] / 'lab_server.py', 80)
        lab.router.run('ip', 'route', 'add', 'blackhole', '18.195.40.9')
        lab.router.run('ip', 'addr', 'del', '18.195.40.9/32', 'dev', 'lo')
        dump = lab.record(path)
        visit(phone, laptop, tablet)
        time.sleep(1)
        lab.stop(dump)


def main():
    path = sys.argv[1] if len(sys.argv) > 1 else str(pathlib.Path(__file__).with_name('pegasus.pcap'))
    why = available()
    if why:
        sys.exit(f'record.py: {why}')
    for _ in range(10):  # Chromium shuffles the extensions of its hello
        record(path)
        if second_segment_has_name(path):
            print(f'{path}: {os.path.getsize(path)} bytes')
            return
    sys.exit('record.py: Chromium never put the name into the second segment')


main()
