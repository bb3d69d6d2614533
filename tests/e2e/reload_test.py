#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The rules of a daemon that runs: sources of the configuration, files that change under traffic in every way that
files change, lists that shrink, what changed from load to load, and the memory of two images. Needs root."""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import threading
import time

import lab_wire as wire
from lab import Lab, available
from lab_bridled import BRIDLECTL
from lab_live import Daemon, Space, ask, soon
from tap import Tap, skip_all

STAYS = 'stays.example.org'


def lines(n, start=0, word='listed'):
    return ''.join(f'{word}{i}.example.org\n' for i in range(start, start + n))


def replace(path, text):
    """As an updater does: beside it, then in its place."""
    new = path.with_name('.new')
    new.write_text(text)
    new.rename(path)


def listed(d, name):
    return 'no match' not in (d.control_command('lookup', name).stdout or 'no match')


def generation(d):
    return d.status()['rules']['generation']


def matches(d, *names):
    """Which of the names are found, by traffic."""
    for name in names:
        d.port.send(ask(name))
    soon(lambda: all(d.alerts(n) for n in names), 2)
    return [n for n in names if d.alerts(n)]


def start(lab, host, folder, sources='', **keys):
    """`keys` of section rules, `sources` as it stands in the file."""
    if not hasattr(host, 'port'):
        host.port = host.pair('eth0', Space(lab, f'{host.name}-far'), 'eth0')
    d = Daemon(lab, host, folder, [STAYS])
    d.port = host.port
    keys = {'settle': '300ms', 'exceptions': d.folder / 'exceptions.ioc', **keys}
    d.conf.write_text(d.conf.read_text().replace('[rules]\n', '[rules]\n' + ''.join(f'{k} = {v}\n' for k, v in keys.items())) +
                      sources.replace('{folder}', str(d.folder)))
    return d


# --- sources ---

def check_sources(tap, lab):
    host = Space(lab, 'sources')
    d = start(lab, host, 'sources', sources='''
[source plain]
path = {folder}/plain.txt
campaign = From the Configuration
tier = watering-hole
allow = allowed.example.org
[source later]
url = https://feeds.invalid/list
path = {folder}/later.txt
[source doubtful]
path = {folder}/doubtful.ioc
trust = low
''')
    (d.folder / 'plain.txt').write_text('plain.example.org\nallowed.example.org\nsub.allowed.example.org\n')
    (d.folder / 'doubtful.ioc').write_text(f'@campaign Doubtful\ndoubtful.example.org\n!{STAYS}\n')
    d.start()
    tap.ok('[source later]' in d.messages() and 'not there yet' in d.messages(), 'a list that was not fetched yet is told',
           d.messages())
    found = matches(d, 'plain.example.org', 'doubtful.example.org', STAYS)
    tap.same(found, ['plain.example.org', 'doubtful.example.org', STAYS],
             'what sources list is found, and one of low trust makes no exceptions')
    alert = d.alerts('plain.example.org')[0]
    tap.same((alert['ioc']['campaigns'], alert['ioc'].get('tier'), alert['alert']['severity']),
             (['From the Configuration'], 'watering-hole', 3), 'campaign and tier come from the configuration')
    tap.same(matches(d, 'allowed.example.org', 'x.sub.allowed.example.org'), [], 'what `allow` names is left out')
    replace(d.folder / 'later.txt', 'later.example.org\n')
    tap.ok(soon(lambda: generation(d) == 2, 8), 'a list that comes later is loaded by itself', d.messages())
    tap.same(matches(d, 'later.example.org'), ['later.example.org'], 'and found')
    (d.folder / 'later.txt').unlink()
    tap.ok(soon(lambda: d.status()['rules']['refused'] == 1, 8), 'one that vanishes: the rules stay as they were',
           d.messages())
    replace(d.folder / 'exceptions.ioc', '!later.example.org until=2099-01-01 comment="ours"\n')
    replace(d.folder / 'later.txt', 'later.example.org\nlater2.example.org\n')
    tap.ok(soon(lambda: generation(d) == 3, 8), 'and when it is back it is loaded', d.messages())
    lookup = d.control_command('lookup', 'later.example.org').stdout
    tap.ok('later2.example.org' in d.control_command('lookup', 'later2.example.org').stdout and
           matches(d, 'later2.example.org') and 'no match' in lookup, 'an exception of the operator beats it', lookup)
    text = d.conf.read_text()
    (d.folder / 'added.txt').write_text('added.example.org\n')
    d.conf.write_text(text.replace('[source plain]', '[source other]') + f'[source added]\npath = {d.folder}/added.txt\n')
    done = d.control_command('reload')
    tap.ok(done.returncode == 0 and listed(d, 'added.example.org') and listed(d, 'later2.example.org'),
           'reload reads the configuration again: a source that was added', done.stdout + done.stderr)
    d.conf.write_text(text + '[source broken]\nptah = /x\n')
    done = d.control_command('reload')
    tap.ok(done.returncode == 1 and 'did you mean "path"' in done.stderr and listed(d, 'added.example.org'),
           'a mistake in it is told, and all stays as it was', done.stderr)
    replace(d.folder / 'added.txt', 'added2.example.org\n')
    tap.ok(soon(lambda: listed(d, 'added2.example.org'), 8), 'sources go on being watched', d.messages())
    d.conf.write_text(text)
    d.control_command('reload')
    tap.ok(not listed(d, 'added2.example.org') and listed(d, 'plain.example.org'), 'a source that was taken away is gone')
    tap.same(d.stop(), 0, 'it ends')


# --- files that change ---

class Traffic(threading.Thread):
    """Somebody asks for a listed name all the time; every question must be a sighting."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.port, self.sent, self.over = port, 0, False

    def run(self):
        query = wire.query(STAYS)
        while not self.over:  # from other ports, or they would be copies of one packet
            self.port.send(wire.ethernet(wire.udp('192.168.7.42', 1024 + self.sent % 60000, '192.168.7.1', 53, query)))
            self.sent += 1
            time.sleep(0.002)


def check_watching(tap, lab):
    host = Space(lab, 'watching')
    d = start(lab, host, 'watching').start()
    traffic = Traffic(d.port)
    traffic.start()
    folder = d.folder / 'rules'
    began = generation(d)
    end, rewrites = time.monotonic() + 6, 0
    while time.monotonic() < end:  # without a pause as long as the folder settles
        replace(folder / f'list{rewrites % 5}.txt', lines(20 + rewrites % 7, rewrites % 3 * 100))
        if rewrites % 10 == 0:
            shutil.rmtree(folder / 'sub', ignore_errors=True)
            (folder / 'sub').mkdir()
            (folder / 'sub' / 'more.txt').write_text(lines(5, 5000))
        rewrites += 1
        time.sleep(0.05)
    replace(folder / 'last.txt', 'last.example.org\n')
    tap.ok(soon(lambda: listed(d, 'last.example.org'), 8), 'when nothing changes any more it is loaded', d.messages())
    tap.ok(0 < generation(d) - began <= 4, f'a folder that is written {rewrites} times is loaded a few times',
           generation(d) - began)

    def once(what, change, name):
        before = generation(d)
        change()
        tap.ok(soon(lambda: generation(d) > before and listed(d, name), 8), f'{what}: loaded', d.messages()[-2000:])
        time.sleep(0.8)
        tap.same(generation(d) - before, 1, f'{what}: once')

    def half():
        with open(folder / 'half.txt', 'w', encoding='utf-8') as f:
            for i in range(8):
                f.write(f'half{i}.example.org\n')
                f.flush()
                time.sleep(0.12)
    once('a file that is written bit by bit', half, 'half7.example.org')
    once('a folder that comes', lambda: shutil.copytree(folder / 'sub', folder / 'sub2') and
         (folder / 'sub2' / 'n.txt').write_text('deep.example.org\n'), 'deep.example.org')

    def swap():
        other = d.folder / 'rules-2'
        shutil.copytree(folder, other)
        (other / 'swapped.txt').write_text('swapped.example.org\n')
        folder.rename(d.folder / 'rules-1')
        folder.symlink_to('rules-2')
    once('a folder that becomes a link', swap, 'swapped.example.org')

    def swap_link():
        shutil.copytree(d.folder / 'rules-2', d.folder / 'rules-3')
        (d.folder / 'rules-3' / 'third.txt').write_text('third.example.org\n')
        (d.folder / 'next').symlink_to('rules-3')
        (d.folder / 'next').rename(folder)
    once('a link that is swapped', swap_link, 'third.example.org')
    refused = d.status()['rules']['refused']
    folder.unlink()
    tap.ok(soon(lambda: d.status()['rules']['refused'] == refused + 1, 8), 'when it is gone, the rules stay as they were',
           d.messages()[-2000:])
    once('a folder that comes back', lambda: (shutil.copytree(d.folder / 'rules-1', folder),
                                              (folder / 'back.txt').write_text('back.example.org\n')), 'back.example.org')
    traffic.over = True
    traffic.join()
    tap.ok(soon(lambda: d.status()['sightings'] == traffic.sent, 10),
           f'each of {traffic.sent} questions for a name that is always listed was seen', (d.status()['sightings'], traffic.sent))
    tap.same(d.engine('worker-died'), [], 'no worker died')
    d.stop()
    still = start(lab, host, 'still', watch='no').start()
    replace(still.folder / 'rules' / 'new.txt', 'new.example.org\n')
    time.sleep(1.5)
    tap.same(generation(still), 1, 'rules.watch = no')
    still.stop()


# --- many at once ---

def check_crowd(tap, lab):
    """A hundred who ask for a reload at once, folders that loads read and nobody may look at, workers that die."""
    d = start(lab, Space(lab, 'crowd'), 'crowd').start()
    asked = [subprocess.Popen([BRIDLECTL, '--socket', d.control, 'reload'], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True) for _ in range(100)]
    told = [a.communicate() for a in asked]
    bad = [t for a, t in zip(asked, told) if (a.returncode == 0) != ('indicators in use' in t[0]) or
           a.returncode not in (0, 1) or (a.returncode and 'too many ask at once' not in t[1])]
    done = sum(a.returncode == 0 for a in asked)
    tap.ok(not bad and done >= 10, 'each who asks for a reload is answered, or told to ask again', (done, bad[:3]))
    tap.ok(generation(d) <= 1 + done, 'several by one load', (generation(d), done))
    folder = d.folder / 'rules'
    for i in range(700):
        (folder / f'd{i}').mkdir()
        (folder / f'd{i}' / 'a.txt').write_text(f'many{i}.example.org\n')
    tap.ok(soon(lambda: listed(d, 'many699.example.org'), 15), 'seven hundred folders are read', d.messages()[-500:])
    time.sleep(1)
    for i in range(700):
        (folder / f'd{i}' / 'a.txt').write_text(f'more{i}.example.org\n')
    tap.ok(soon(lambda: all(listed(d, f'more{i}.example.org') for i in range(0, 700, 50)), 15), 'and watched', d.messages()[-500:])
    before = generation(d)
    (folder / 'd3' / 'a.txt').chmod(0)
    (folder / 'd4' / 'a.txt').write_text('other4.example.org\n')
    tap.ok(soon(lambda: listed(d, 'other4.example.org'), 8) and listed(d, 'more3.example.org') and listed(d, STAYS) and
           'Permission denied' in d.messages(), 'a file that may not be read any more: it stays as it was, the others are read',
           d.messages()[-500:])
    folder.chmod(0)
    tap.ok(soon(lambda: d.status()['rules']['refused'] == 1, 8) and listed(d, STAYS), 'nor a folder', d.messages()[-500:])
    folder.chmod(0o755)
    (folder / 'd3' / 'a.txt').chmod(0o644)
    tap.ok(soon(lambda: generation(d) > before and listed(d, 'more3.example.org'), 8), 'and back', d.messages()[-500:])
    for i in range(6):
        (folder / 'd0' / 'a.txt').write_text(f'dying{i}.example.org\n')
        for w in d.status()['workers']:
            if i < 3 and w.get('pid'):
                os.kill(w['pid'], signal.SIGKILL)
        done = d.control_command('reload')
        if done.returncode or not listed(d, f'dying{i}.example.org'):
            tap.ok(False, 'a reload while workers die', done.stdout + done.stderr)
    tap.ok(soon(lambda: all(w['state'] == 'running' and w['generation'] == generation(d) for w in d.status()['workers']), 10) and
           matches(d, 'dying5.example.org'), 'a worker that died uses what is new', d.status()['workers'])
    d.stop()


# --- what changed ---

def check_changes(tap, lab):
    host = Space(lab, 'changes')
    d = start(lab, host, 'changes', watch='no').start()
    tap.same(d.control_command('changes').stdout, '', 'nothing has changed yet')
    rules = d.folder / 'rules'
    replace(rules / 'list.txt', lines(40))
    told = d.control_command('reload')
    tap.ok(told.returncode == 0 and 'generation 2' in told.stdout, 'reload answers', told.stdout + told.stderr)
    workers = {w['generation'] for w in d.status()['workers']}
    tap.same(workers, {2}, 'when all workers use what was loaded')
    tap.ok(any('40 added, 0 removed' in t for t in d.engine('rules-diff')), 'the difference is an event',
           d.engine('rules-diff'))
    replace(rules / 'list.txt', lines(38, 1) + 'new.example.org\n')
    d.control_command('reload')
    text = d.control_command('changes').stdout
    tap.ok('- domain listed0.example.org' in text and '+ domain new.example.org' in text and
           'generation 3: 1 added, 2 removed, 0 changed' in text, 'bridlectl changes: what came and went', text)
    told = [json.loads(l) for l in d.control_command('--json', 'changes').stdout.splitlines()]
    tap.ok({'generation', 'added', 'removed', 'changed', 'time'} <= set(told[-1]) and
           sum(t.get('change') == 'added' for t in told) == 41, 'and for programs', told[-3:])
    # a list that shrank, an empty one, one that is a web page
    for number, text in enumerate((lines(3), '', '<html>nothing here</html>')):
        replace(rules / 'list.txt', text)
        done = d.control_command('reload')
        kept = d.status()['rules']['kept']
        tap.ok(listed(d, 'listed20.example.org') and listed(d, 'new.example.org') and len(kept) == 1 and
               kept[0]['before'] >= 39, f'a list that is no more what it was ({number}): the old entries stay in force',
               f'{done.stdout}{done.stderr}{kept}')
        tap.ok(len(d.engine('list-kept')) == number + 1 and 'old entries stay in force' in d.control_command('status').stdout,
               'and that is told', d.engine('list-kept'))
    replace(rules / 'list.txt', lines(3, 100))
    done = d.control_command('reload', '--take-shrunk')
    tap.ok(done.returncode == 0 and not listed(d, 'listed20.example.org') and listed(d, 'listed101.example.org') and
           d.status()['rules']['kept'] == [], 'reload --take-shrunk takes it', done.stdout + done.stderr)
    known = (d.folder / 'state' / 'known').stat()
    tap.ok(known.st_size > 0 and known.st_mode & 0o777 == 0o600, 'values are known from load to load', known)
    first = matches(d, STAYS) and d.alerts(STAYS)[0]['ioc'].get('first_loaded')
    tap.ok(first, 'and events say since when', d.alerts(STAYS))
    d.stop()
    (d.folder / 'stderr').write_text('')
    d.start()
    tap.ok('generation 3' in d.control_command('changes').stdout, 'what changed is known after a restart')
    d.stop()
    (d.folder / 'state' / 'known').write_bytes(b'damaged' * 100)
    d.start()
    tap.ok(listed(d, STAYS), 'a damaged file of known values is no reason not to start', d.messages())
    d.stop()


# --- what changes while nobody looks ---

def check_restart(tap, lab):
    d = start(lab, Space(lab, 'restart'), 'restart', watch='no')
    many, few, state = d.folder / 'rules' / 'many.txt', d.folder / 'rules' / 'few.txt', d.folder / 'state'
    many.write_text(lines(40))
    few.write_text(lines(3, 100))
    d.start()
    d.stop()
    for number, text in enumerate((lines(3), '', '<html>nothing here</html>')):
        many.write_text(text)
        few.write_text(lines(2, 100))
        (d.folder / 'stderr').write_text('')
        d.start()
        kept = d.status()['rules']['kept']
        tap.ok(listed(d, 'listed39.example.org') and not listed(d, 'listed102.example.org') and len(kept) == 1 and
               kept[0]['before'] == 40 and 'old ones stay in force' in d.messages(),
               f'a list that shrank while the daemon was down ({number}): the old entries stay in force', f'{kept}{d.messages()}')
        d.stop()
    many.write_text(lines(3))
    d.start()
    done = d.control_command('reload', '--take-shrunk')
    tap.ok(done.returncode == 0 and not listed(d, 'listed39.example.org'), 'until told', done.stdout + done.stderr)
    d.stop()
    d.start()
    tap.ok(not listed(d, 'listed39.example.org') and d.status()['rules']['kept'] == [], 'and then they are gone for good')
    d.stop()
    image = state / 'known.img'
    whole = image.read_bytes()
    tap.same(image.stat().st_mode & 0o777, 0o600, 'the image in use is kept, for nobody else')
    for what, data in {'damaged': whole[:200] + b'damaged' + whole[207:], 'cut': whole[:len(whole) // 2], 'empty': b'',
                       'of another version': whole[:8] + b'\xff' + whole[9:]}.items():
        image.write_bytes(data)
        d.start()
        tap.ok(listed(d, STAYS) and image.read_bytes() != data, f'one that is {what} is no reason not to start', d.messages())
        d.stop()
    image.unlink()
    image.mkdir()
    d.start()
    tap.ok(listed(d, STAYS) and 'cannot be kept' in d.messages(), 'nor is one that cannot be stored', d.messages())
    d.stop()


# --- memory ---

LOADER_BYTES = 2 << 20

def family(pid):
    """A process and all below it."""
    found = [pid]
    for p in found:
        try:
            found += map(int, pathlib.Path(f'/proc/{p}/task/{p}/children').read_text().split())
        except OSError:
            pass
    return found


def memory(pids):
    """Bytes of the daemon's own processes, of the loader's, and of images and all else in memory files, counted once."""
    own, loader, files = 0, 0, {}
    for p in pids:
        try:
            status = pathlib.Path(f'/proc/{p}/status').read_text()
            anonymous = int(status.split('\nRssAnon:')[1].split()[0]) * 1024
            own, loader = (own, loader + anonymous) if 'bridle-loader' in status else (own + anonymous, loader)
            for fd in pathlib.Path(f'/proc/{p}/fd').iterdir():
                if os.readlink(fd).startswith('/memfd:'):
                    found = os.stat(fd)
                    files[found.st_ino] = found.st_blocks * 512
        except (OSError, IndexError):
            pass
    return own, loader, sum(files.values())


def images(pid):
    maps = [l.split(maxsplit=5) for l in pathlib.Path(f'/proc/{pid}/maps').read_text().splitlines()]
    spans = [m[0].split('-') for m in maps if len(m) > 5 and 'memfd:bridle-image' in m[5]]
    return [int(b, 16) - int(a, 16) for a, b in spans]


def check_memory(tap, lab):
    host = Space(lab, 'memory')
    d = start(lab, host, 'memory', watch='no')
    size = 1500000
    (d.folder / 'rules' / 'big.txt').write_text(lines(size))
    d.start(60)
    main = d.status()['pid']
    held = images(main)
    tap.same(len(held), 1, 'one image')
    base, _, before = memory(family(main))
    tap.ok(before <= held[0] * 1.1, 'and nothing else in memory files', (before, held))
    replace(d.folder / 'rules' / 'big.txt', lines(size, size // 2))
    peak, work, most, over = [0], [0], [0], [False]

    def sample():
        while not over[0]:
            own, loader, files = memory(family(main))
            peak[0], work[0] = max(peak[0], own + loader + files), max(work[0], loader)
            most[0] = max(most[0], len(images(main)))
            time.sleep(0.003)
    sampler = threading.Thread(target=sample)
    sampler.start()
    done = d.control_command('reload')
    now = images(main)
    time.sleep(0.3)
    over[0] = True
    sampler.join()
    after, _, left = memory(family(main))
    tap.ok(done.returncode == 0 and len(now) == 1 and most[0] <= 2 and left <= now[0] * 1.1,
           'the old image is gone when reload has answered', f'{done.stdout}{done.stderr} {now} {most} {left}')
    both = held[0] + now[0]
    tap.note(f'images of {held[0]} and {now[0]} bytes; at the peak {peak[0] - base}; the daemon has {base} besides, then '
             f'{after}; the loader had {work[0]} to work in')
    # As for the daemon, what the loader has before it reads is left out.
    tap.ok(peak[0] - base - LOADER_BYTES <= both * 1.10,
           'at the peak all processes have both images and no more than a tenth besides', f'{peak[0] - base} of {both}')
    tap.ok(work[0] <= 2 * now[0], 'the loader works in no more than twice the image', work[0])
    d.stop()


def main():
    why = available()
    if why:
        skip_all(why)
    tap = Tap()
    with Lab('reload') as lab:
        for check in (check_sources, check_watching, check_crowd, check_changes, check_restart, check_memory):
            check(tap, lab)
    return tap.done()


sys.exit(main())
