#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Man pages are correct mdoc(7) and refer only to pages that exist here or on a Debian system."""
import re
import shutil
import subprocess
import sys

import tree
from tap import Tap, skip_all

XR = re.compile(r'^\.Xr (\S+) (\d)', re.MULTILINE)
ELSEWHERE = {'capabilities 7', 'pcap-filter 7', 'seccomp 2', 'syslog 3', 'systemd.exec 5', 'systemd 1',
             'rsyslogd 8', 'logrotate 8', 'pcap 3pcap', 'tcpdump 8', 'dig 1', 'packet 7', 'ascii 7', 'signal 7',
             'logger 1', 'sd_notify 3', 'systemctl 1', 'strftime 3', 'jq 1', 'sd_notify 3', 'gai.conf 5', 'hosts 5', 'unbound.conf 5', 'dnsmasq 8', 'nft 8'}


def check_lists(tap):
    """bridle.ioc(5) explains what becomes of entries, every format and every header."""
    page = tree.read('daemon/intel/bridle.ioc.5')
    outcomes = re.findall(r'^    X\([A-Z_]+, "([a-z-]+)", (?:OUTCOME|PROBLEM|DETAIL)\)', tree.read('daemon/intel/load_report.h'),
                          re.MULTILINE)
    told = set(re.findall(r'[a-z-]+', ' '.join(re.findall(r'^\.It Ic ([a-z ,-]+)$', page, re.MULTILINE))))
    tap.ok(outcomes and not set(outcomes) - told, 'bridle.ioc(5) explains every outcome', ', '.join(sorted(set(outcomes) - told)))
    formats = re.findall(r'^const struct load_format load_format_\w+ = \{"([a-z-]+)"',
                         '\n'.join(tree.read(n) for n in tree.files('.c') if 'intel/load_' in n), re.MULTILINE)
    told = set(re.findall(r'[a-z-]+', ' '.join(re.findall(r'^\.It .*\(([a-z, -]+)\)$', page, re.MULTILINE)))) | {'ioc', 'misp-index'}
    tap.ok(formats and not set(formats) - told, 'bridle.ioc(5) explains every format', ', '.join(sorted(set(formats) - told)))
    headers = re.findall(r'\{"([a-z]+)", header_', tree.read('daemon/intel/load_ioc.c'))
    told = set(re.findall(r'^\.It Ic @([a-z]+)', page, re.MULTILINE))
    tap.ok(headers and not set(headers) - told, 'bridle.ioc(5) explains every header', ', '.join(sorted(set(headers) - told)))


def main():
    if not shutil.which('mandoc'):
        skip_all('no mandoc')
    pages = [n for n in tree.files('.1', '.5', '.8') if '.Dd ' in tree.read(n)]
    here = {' '.join(n.rsplit('/', 1)[-1].rsplit('.', 1)) for n in pages}
    tap = Tap()
    tap.ok(True, f'{len(pages)} man pages')
    for name in pages:
        run = subprocess.run(['mandoc', '-T', 'lint', '-W', 'warning', tree.SOURCE / name],
                             capture_output=True, text=True, check=False)
        tap.ok(run.returncode == 0 and not run.stdout, name, run.stdout + run.stderr)
        strange = {f'{n} {s}' for n, s in XR.findall(tree.read(name))} - here - ELSEWHERE
        tap.ok(not strange, f'{name} refers to known pages', ', '.join(sorted(strange)))
    vias = re.findall(r'^    X\(\w+, "([a-z0-9-]+)", \w+, "', tree.read('daemon/intel/observation.h'), re.MULTILINE)
    told = set(re.findall(r'^\.It (\S+) Ta', tree.read('daemon/bridled.8'), re.MULTILINE))
    tap.ok(vias and not set(vias) - told, 'bridled(8) explains every via', ', '.join(sorted(set(vias) - told)))
    check_lists(tap)
    return tap.done()


sys.exit(main())
