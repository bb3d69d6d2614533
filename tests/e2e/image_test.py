#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Compiled images as rules: the same alerts as the lists they were made of, what is refused and how that is told,
replacing one, and one that is cut or overwritten while a daemon uses it. In a build without a loader images come from
BRIDLE_WHOLE_BUILD, a build that has one, and that lists are refused is tested, too."""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import traceback

from lab import Lab, available
from lab_bridled import BRIDLECTL, BRIDLED, BUILD, SOURCE
from lab_live import Daemon, Space, caught, soon
from tap import Tap, skip_all

WHOLE = pathlib.Path(os.environ.get('BRIDLE_WHOLE_BUILD') or SOURCE / 'build')
WHOLE = BUILD if (BUILD / 'daemon' / 'bridle-loader').exists() else WHOLE
RULES, DEMO = SOURCE / 'rules', SOURCE / 'tests' / 'demo' / 'pegasus.pcap'
LARGE = 4 << 20


def run(*command):
    return subprocess.run([str(c) for c in command], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=60, check=False)


def compile_image(path, *rules):
    run(WHOLE / 'daemon' / 'bridlectl', 'compile', '-o', path, *rules).check_returncode()
    return path


def compile_large(path, *rules):
    """One that is used where it lies (serve/images.h); put into its place by renaming."""
    filler = path.with_suffix('.filler')
    filler.write_text(''.join(f'a-name-to-make-it-long-{i}.example.com\n' for i in range(100000)))
    compile_image(path, *rules, filler)
    filler.unlink()
    assert path.stat().st_size > LARGE
    return path


def replay(rules, *more):
    return run(BRIDLED, '-r', DEMO, '--eve', '-', '-R', rules, *more)


def check_same_alerts(tap, folder):
    wanted = run(WHOLE / 'daemon' / 'bridled', '-r', DEMO, '--eve', '-', '-R', RULES).stdout
    small = compile_image(folder / 'rules.img', RULES)
    tap.ok('"event_type":"alert"' in wanted, 'the demo has alerts')
    got = replay(small)
    tap.ok(got.stdout == wanted, 'the image brings the same events as its lists', got.stderr + got.stdout[:500])
    got = replay(compile_large(folder / 'large.img', RULES))
    tap.ok(got.stdout == wanted, 'so does one that is used where it lies', got.stderr + got.stdout[:500])
    return small


def check_refused(tap, folder, small):
    def refused(path, words, what, *more):
        got = replay(path, *more)
        tap.ok(got.returncode == 1 and not got.stdout and re.search(f'{re.escape(str(path))}: .*{words}', got.stderr),
               what, got.stderr)
    data, bad = small.read_bytes(), folder / 'bad.img'

    def damaged(what, words, change):
        copy = bytearray(data)
        bad.write_bytes(change(copy) or copy)
        refused(bad, words, what)
    damaged('a flipped bit is found', 'checksum.*compile it again', lambda d: d.__setitem__(5000, d[5000] ^ 1))
    damaged('an image that is cut off', 'cut off.*compile it again', lambda d: d[:-100])
    damaged('an image of another version', 'another version.*compile it again', lambda d: d.__setitem__(8, d[8] + 1))
    shutil.copy(small, bad)
    os.chmod(bad, 0o666)
    refused(bad, 'nobody else may write', 'an image that others may write')
    os.chmod(bad, 0o644)
    os.mkdir(folder / 'open')
    os.chmod(folder / 'open', 0o777)
    shutil.copy(small, folder / 'open')
    refused(folder / 'open' / small.name, 'folder', 'an image in a folder that others may write')
    (folder / 'list').write_text('evil.example\n')
    refused(small, 'stands alone', 'an image beside other rules', '-R', folder / 'list')
    got = replay(folder / 'none.img')
    tap.ok(got.returncode == 1 and 'none.img: cannot be read' in got.stderr, 'one that is not there', got.stderr)


def check_bridlectl(tap, folder, small):
    got = run(BRIDLECTL, 'check', small)
    tap.ok(got.returncode == 0 and re.match(r'\d+ indicators: .*\d+ domain', got.stdout), 'check tells what is in it',
           got.stdout + got.stderr)
    got = run(BRIDLECTL, 'lookup', '-R', small, 'www.urlpush.net', 'example.org')
    tap.ok('www.urlpush.net: matches urlpush.net' in got.stdout and 'example.org: no match' in got.stdout,
           'lookup asks it', got.stdout + got.stderr)
    large = folder / 'large.img'
    with open(large, 'r+b') as f:
        f.seek(LARGE)
        f.write(bytes(8))
    got = run(BRIDLECTL, 'check', large)
    tap.ok(got.returncode == 1 and 'checksum' in got.stderr, 'check verifies a large one, too', got.stderr)


def check_without_loader(tap, folder):
    got = replay(folder / 'list')
    tap.ok(got.returncode == 1 and 'list: is no compiled image' in got.stderr and 'bridlectl compile' in got.stderr,
           'a list is refused, and it is said what to do', got.stderr)
    for words in (['check', folder / 'list'], ['compile', '-o', folder / 'x', folder / 'list']):
        got = run(BRIDLECTL, *words)
        tap.ok(got.returncode == 1 and 'compiled images alone' in got.stderr, f'bridlectl {words[0]} says why not',
               got.stderr)
    got = run(BRIDLED, '-r', DEMO)
    tap.ok(got.returncode == 1 and 'rules.img: cannot be read' in got.stderr, 'without rules it says where they belong',
           got.stderr)
    libraries = ''.join(run('readelf', '-d', BUILD / 'daemon' / p).stdout
                        for p in ('bridled', 'bridle-worker', 'bridlectl'))
    tap.ok(not re.search('jansson|ldns|idn|psl|sqlite|unistring', libraries) and 'libc.so' in libraries,
           'the programs need no library for lists', libraries)


class Images:
    """The rules of a daemon as an image of more or less indicators."""

    def __init__(self, d):
        self.d, self.path = d, d.folder / 'rules.img'
        text = d.conf.read_text(encoding='utf-8')
        d.conf.write_text(re.sub(r'(?m)^path = .*rules$', f'path = {self.path}', text), encoding='utf-8')

    def put(self, *names):
        source = self.d.folder / 'list'
        source.write_text('@campaign Test\n' + ''.join(f'{n}\n' for n in names))
        compile_large(self.path, source)


def check_live(tap, lab):
    host, far = Space(lab, 'image'), Space(lab, 'far')
    port = host.pair('eth0', far, 'eth0')
    d = Daemon(lab, host, 'image', [])
    images = Images(d)
    os.chown(d.folder, 0, 0)  # the daemon's user may replace nothing
    d.eve.touch(mode=0o666)
    os.chmod(d.eve, 0o666)
    d.conf.write_text(d.conf.read_text().replace(f'control-socket = {d.folder}/control',
                                                 f'control-socket = {d.folder}/state/control'))
    d.control = d.folder / 'state' / 'control'
    images.put('first.example.org')
    d.start()
    pids = [d.status()['pid']] + [w['pid'] for w in d.status()['workers']]
    tap.ok(caught(d, port, 'first.example.org'), 'an image in place is in force', d.messages()[-1500:])
    before = d.status()['rules']['indicators']
    images.put('first.example.org', 'second.example.org')
    got = d.control_command('reload')
    tap.ok(got.returncode == 0 and caught(d, port, 'second.example.org'), 'a new one comes by rename and reload',
           got.stdout + got.stderr)
    (d.folder / 'bad').write_bytes(images.path.read_bytes()[:-1])
    keep = images.path.with_suffix('.keep')
    images.path.rename(keep)
    (d.folder / 'bad').rename(images.path)
    got = d.control_command('reload')
    tap.ok(got.returncode == 1 and 'cut off' in got.stderr and 'stay as they were' in got.stderr,
           'a bad one is refused', got.stdout + got.stderr)
    tap.ok(soon(lambda: d.engine('rules-refused')), 'and told', d.messages()[-1500:])
    keep.rename(images.path)
    os.truncate(images.path, 0)
    caught(d, port, 'unlisted.example.org')  # somebody reads what is gone
    tap.ok(soon(lambda: d.engine('rules-changed')), 'one that is cut is told', d.messages()[-1500:])
    tap.ok(soon(lambda: d.status()['rules']['indicators'] == before), 'and the one before is in force', d.ask('status'))
    tap.ok(soon(lambda: {w['generation'] for w in d.status()['workers']} == {d.status()['rules']['generation']}),
           'for workers, too', d.ask('status'))
    sightings = d.status()['sightings']
    tap.ok(soon(lambda: not caught(d, port, 'first.example.org') or d.status()['sightings'] > sightings),
           'it matches', d.ask('status'))
    now = d.status()
    tap.same([now['pid']] + [w['pid'] for w in now['workers']], pids, 'nobody died of it')
    images.put('third.example.org')
    got = d.control_command('reload')
    tap.ok(got.returncode == 0 and caught(d, port, 'third.example.org'), 'a good one is taken after that',
           got.stdout + got.stderr)
    with open(images.path, 'r+b') as f:
        f.seek(4096)
        f.write(bytes(4096))
    tap.ok(soon(lambda: len(d.engine('rules-changed')) > 1), 'one that is overwritten is told', d.messages()[-1500:])
    tap.same(d.stop(), 0, 'it ends with 0')


def main():
    if not (WHOLE / 'daemon' / 'bridle-loader').exists():
        skip_all(f'no build that can compile images: {WHOLE}')
    tap = Tap()
    with tempfile.TemporaryDirectory(prefix='bridle-image-') as folder:
        folder = pathlib.Path(folder)
        small = check_same_alerts(tap, folder)
        check_refused(tap, folder, small)
        check_bridlectl(tap, folder, small)
        if WHOLE != BUILD:
            check_without_loader(tap, folder)
    live = '#define HAVE_LIBPCAP 1' in (BUILD / 'config.h').read_text(encoding='ascii')
    why = available() if live else 'this build has no live capture'
    if why:
        tap.skip('images under a daemon that watches', why)
        return tap.done()
    with Lab('image') as lab:
        try:
            check_live(tap, lab)
        except Exception:  # pylint: disable=broad-except
            tap.ok(False, 'no exception', traceback.format_exc())
    return tap.done()


sys.exit(main())
