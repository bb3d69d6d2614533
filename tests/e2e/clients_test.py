#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Real clients on a live network: bridled on the mirror port tells of the listed names and of nothing else, tells
live what a replay of the same packets tells, and reaches a real rsyslogd across its restart."""
import pathlib
import shutil
import sys
import time

from lab import Lab, available
from lab_bridled import SOURCE, Bridled, events, incidents, replay
from tap import Tap, skip_all

NAMES = {
    'free247downloads.com': ['3.121.17.77'],
    'opposedarrangement.net': ['18.195.40.9', '2600:1f14:1::77'],
    'urlpush.net': ['138.68.77.115'],
    'bahrainsms.co': ['159.65.201.5'],
    'webadv.co': ['159.65.201.6'],
    'revolution-news.co': ['159.65.201.7'],
    'example.org': ['192.0.2.10', '2001:db8::10'],
    'example.com': ['203.0.113.30'],
}
PHONE, LAPTOP, LAPTOP6 = '192.168.1.42', '192.168.1.23', 'fd00:b::23'
EXPECTED = {
    (PHONE, 'info8fvhgl3.urlpush.net'): 'resolved',
    (PHONE, 'free247downloads.com'): 'exchanged',
    (LAPTOP, 'bahrainsms.co'): 'exchanged',
    (LAPTOP, 'webadv.co'): 'exchanged',
    (LAPTOP, 'revolution-news.co'): 'resolved',
    (LAPTOP, 'opposedarrangement.net'): 'resolved',
    (LAPTOP6, 'opposedarrangement.net'): 'exchanged',
}
QUIET = ('-s', '-m', '10', '-o', '/dev/null')


def visit(phone, laptop):
    phone.run('dig', '+short', 'www.example.org')
    phone.run('dig', 'info8fvhgl3.urlpush.net')
    phone.browse('https://www.free247downloads.com/rdEN5YP', seconds=4)
    phone.browse('https://www.example.com/', seconds=4)
    laptop.run('curl', '-k', *QUIET, 'https://bahrainsms.co/')
    laptop.run('curl', '-k', *QUIET, 'https://bahrainsms.co/again')
    laptop.run('kdig', '+tcp', 'revolution-news.co', 'A', 'revolution-news.co', 'MX')
    laptop.run('sh', '-c', 'sleep 1 | openssl s_client -connect 159.65.201.6:443 -servername mail.webadv.co')
    laptop.run('sh', '-c', 'sleep 1 | gnutls-cli --insecure www.example.org')
    laptop.run('curl', '-6k', *QUIET, 'https://opposedarrangement.net/')
    laptop.run('curl', *QUIET, 'http://www.example.com/')


def check_same(tap, lab, sensor, capture):
    live = incidents(sensor.events())
    tap.same(live, EXPECTED, 'every listed name raised its incident with its stage, and no other name did')
    again = replay(capture, '-R', SOURCE / 'rules', '--eve', '-')
    tap.same(incidents(events(again.stdout)), live, 'a replay of what was recorded meanwhile tells the same')
    first = [e for e in sensor.events() if e['event_type'] == 'alert' and e['incident']['why'] == 'new']
    tap.same(len(first), len(EXPECTED), 'each incident is new once')
    tap.ok(all(e.get('in_iface') == 'eth0' for e in first), 'events name the interface')


class Rsyslogd:
    """The log daemon with a socket of its own."""

    def __init__(self, lab, folder):
        self.lab, self.socket, self.file = lab, folder / 'devlog', folder / 'messages'
        self.conf = folder / 'rsyslog.conf'
        self.conf.write_text(f'module(load="imuxsock" SysSock.Use="off")\n'
                             f'input(type="imuxsock" Socket="{self.socket}" CreatePath="on")\n'
                             f'*.* action(type="omfile" file="{self.file}")\n')
        self.process = None

    def start(self):
        self.process = self.lab.sensor.start('rsyslogd', '-n', '-f', self.conf, '-i', f'{self.conf}.pid')
        self.lab.wait(self.socket.exists, 'rsyslogd')

    def stop(self):
        self.lab.stop(self.process)

    def lines(self, word):
        text = self.file.read_text(encoding='utf-8') if self.file.exists() else ''
        return [l for l in text.splitlines() if word in l]


def check_syslog(tap, lab, log, phone):
    """After the incidents above: names that were not told yet, before and after a restart of the daemon."""
    tap.ok(log.lines('bahrainsms.co'), 'rsyslogd wrote the alerts')
    tap.ok(all(' bridled' in l for l in log.lines('bahrainsms.co')), 'under the name of the program',
           '\n'.join(log.lines('bahrainsms.co')))
    log.stop()
    phone.run('dig', 'opposedarrangement.net')  # nobody listens: may be lost, must not harm
    time.sleep(1)
    log.start()
    phone.run('dig', 'revolution-news.co')
    try:
        lab.wait(lambda: any(PHONE in l for l in log.lines('revolution-news.co')), 'the alert after the restart')
        tap.ok(True, 'alerts reach it after its restart')
    except TimeoutError as late:
        tap.ok(False, 'alerts reach it after its restart', late)


def main():
    why = available()
    if why:
        skip_all(why)
    missing = [t for t in ('chromium', 'curl', 'dig', 'ethtool', 'gnutls-cli', 'kdig', 'openssl', 'rsyslogd', 'tcpdump',
                           'unbound') if not shutil.which(t, path='/usr/sbin:/usr/bin:/sbin:/bin')]
    if missing:
        skip_all('not installed: ' + ', '.join(missing))
    tap = Tap()
    with Lab('clients') as lab:
        phone, laptop = lab.client('phone', 42), lab.client('laptop', 23)
        lab.serve_names(NAMES)
        lab.serve_https()
        folder = pathlib.Path(lab.folder)
        log = Rsyslogd(lab, folder)
        log.start()
        sensor = Bridled(lab, lab.sensor, {'syslog': {'enabled': 'yes', 'socket': log.socket}}).start()
        tap.ok(True, 'bridled is ready on the mirror port')
        dump = lab.record(folder / 'live.pcap')
        visit(phone, laptop)
        time.sleep(2)
        lab.stop(dump)
        check_same(tap, lab, sensor, folder / 'live.pcap')
        check_syslog(tap, lab, log, phone)
        tap.same(sensor.stop(), 0, 'SIGTERM ends it with 0')
        if tap.failed:
            tap.note(sensor.messages()[-4000:])
    return tap.done()


sys.exit(main())
