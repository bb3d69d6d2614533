#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""bridle-update against a web server that misbehaves in every way it can: after each the old list is in force, in its
place and in a daemon that runs. Then what it should do: conditional requests, pins, indexes of MVT, a stick."""
import gzip
import hashlib
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile

from lab import Lab, available
from lab_bridled import BRIDLECTL, BUILD, SOURCE, Bridled
from lab_live import soon
from lab_update import UPDATE, Updater, names
from lab_web import Web
from shared import shared
from tap import Tap, skip_all

ZLIB = '#define HAVE_ZLIB 1' in (BUILD / 'config.h').read_text(encoding='ascii')


def check_hostile(tap, folder, web):
    """One source each way of going wrong, beside one that is good: the old list stays, the good one is updated."""
    good = names(40)
    huge = {'max_size': '100k'}
    cases = {  # name: (page, what is said, keys)
        'gone': (None, 'answered 404', {}),
        'broken': (web.status(500), 'answered 500', {}),
        'forbidden': (web.status(403, names(40)), 'answered 403', {}),
        'partial': (web.status(206, names(40)), 'answered 206', {}),
        'truncated': (web.truncated(names(400)), 'cut short', {}),
        'hangs-up': (web.hangs_up, '', {}),
        'to-http': (web.status(302, Location=f'{web.http}/good'), 'http', {}),
        'loop': (web.status(302, Location=f'{web.https}/loop'), 'more than 5 redirects', {}),
        'to-file': (web.status(302, Location='file:///etc/passwd'), '', {}),
        'misnamed': (web.page(good), '', {'url': f'{web.misnamed}/misnamed'}),
        'selfsigned': (web.page(good), '', {'url': f'{web.selfsigned}/selfsigned'}),
        'huge': (web.page(names(20000)), 'larger than 102400 bytes', huge),
        'huge-untold': (web.endless(b'x.example.org\n'), 'larger than 102400 bytes', huge),
        'slow': (web.endless(b'a.example.org\n', delay=0.2), 'within 4 seconds', {}),
        'slow-told': (web.endless(b'a.example.org\n', told=50000, delay=0.2), 'within 4 seconds', {}),
        'page': (web.page(b'\n <!DOCTYPE html><title>Sign in</title>' + good), 'web page', {}),
        'empty': (web.page(b''), 'empty', {}),
        'comments': (web.page(b'# nothing\n'), 'no entry', {}),
        'binary': (web.page(random.Random(11).randbytes(4000)), '', {}),
        'shrunk': (web.page(names(19)), '19 entries, and had 40', {}),
        'gzip': (web.page(gzip.compress(names(4000))[:-1000]), 'the file is cut' if ZLIB else 'packed by gzip', {}),
        'json': (web.page(b'{"type":"bundle","objects":[' + b'[' * 5000), '', {}),
        'pinned': (web.page(names(41)), 'SHA-256', {'sha256': hashlib.sha256(good).hexdigest()}),
        'unsigned': (web.page(names(41)), 'signature', {'minisign': 'RW' + 'A' * 54}),
    }
    u = Updater(folder / 'hostile', web)
    sources = {n: {'url': f'{web.https}/{n}', 'path': u.lists / f'{n}.txt', **keys} for n, (_, _, keys) in cases.items()}
    for name in cases:
        web.pages[f'/{name}'] = web.page(good)
    u.configure(**{n: {k: v for k, v in s.items() if k in ('path', 'max_size')} | {'url': f'{web.https}/{n}'}
                   for n, s in sources.items()})
    first = u.run()
    tap.ok(first.returncode == 0 and all((u.lists / f'{n}.txt').read_bytes() == good for n in cases),
           f'{len(cases)} lists are fetched', first.stderr + first.stdout)
    for name, (page, _, _) in cases.items():
        web.pages[f'/{name}'] = page
    web.pages['/good'] = web.page(names(50))
    u.configure(**sources, zgood={'url': f'{web.https}/good', 'path': u.lists / 'good.txt'})
    done = u.run()
    tap.same(done.returncode, 1, 'and then the server goes wrong: exit status 1')
    for name, (_, said, _) in cases.items():
        told = [line for line in done.stderr.splitlines() if line.startswith(f'bridle-update: {name}: ')]
        kept = (u.lists / f'{name}.txt').read_bytes() == good
        tap.ok(kept and len(told) == 1 and said in told[0] and len(told[0]) > len(name) + 18, f'{name}: the old list stays',
               '\n'.join(told) or done.stderr)
    tap.ok((u.lists / 'good.txt').read_bytes() == names(50) and 'zgood: updated, 50 entries' in done.stdout,
           'the one that is good is taken all the same', done.stdout)
    tap.same(u.leftovers(), [], 'nothing is left behind')
    taken = u.run('--take-shrunk', 'shrunk')
    tap.ok(taken.returncode == 0 and (u.lists / 'shrunk.txt').read_bytes() == names(19), '--take-shrunk takes it',
           taken.stderr)


def check_conditional(tap, folder, web):
    u = Updater(folder / 'conditional', web)
    web.pages['/a'] = web.page(names(20), ETag='"one"', Last_Modified='Sat, 21 Nov 2026 10:00:00 GMT')
    web.pages['/b'] = web.status(301, Location='/a')
    u.configure(a={'url': f'{web.https}/a'}, b={'url': f'{web.https}/b', 'interval': '1h'})
    u.run()
    web.requests.clear()
    again = u.run()
    headers = [h for p, h in web.requests if p == '/a']
    tap.ok(again.returncode == 0 and len(headers) == 2 and all(h.get('If-None-Match') == '"one"' for h in headers) and
           'a: unchanged' in again.stdout, 'the second request is conditional, behind a redirect, too', headers)
    tap.ok(headers[0].get('If-Modified-Since') == 'Sat, 21 Nov 2026 10:00:00 GMT', 'by date, too', headers)
    (u.lists / 'a').write_bytes(names(5, word='other'))
    u.run()
    tap.same((u.lists / 'a').read_bytes(), names(20), 'a list that somebody changed here is fetched whole')
    for page, times in ((web.hangs_up, 2), (web.page(b''), 1)):
        web.pages['/a'] = page
        (u.lists / '.state' / 'a').unlink(missing_ok=True)
        web.requests.clear()
        for _ in range(2):
            u.run(now=False)
        tap.same(len([p for p, _ in web.requests if p == '/a']), times, 'what cannot be had is asked for again soon, what '
                 'is bad is not')
    web.pages['/a'] = web.page(names(21), ETag='"two"')
    dry = u.run('--dry-run')
    tap.ok((u.lists / 'a').read_bytes() == names(20) and 'a: would be updated, 21 entries' in dry.stdout,
           '--dry-run changes nothing', dry.stdout + dry.stderr)
    web.requests.clear()
    later = subprocess.run([UPDATE, '-c', u.conf, '--lists', u.lists, '--bridlectl', BRIDLECTL], capture_output=True,
                           text=True, check=False, env={**os.environ, 'CURL_CA_BUNDLE': str(web.authority)})
    tap.same((later.returncode, web.requests), (0, []), 'what was asked for within its interval is left alone')
    u.run()
    tap.same((u.lists / 'a').read_bytes(), names(21), 'what changed is taken')


def check_pins(tap, folder, web):
    u = Updater(folder / 'pins', web)
    body = names(30)
    web.pages['/list'] = web.page(body)
    digest = hashlib.sha256(body).hexdigest().upper()
    u.configure(digest={'url': f'{web.http}/list', 'sha256': digest})
    done = u.run()
    tap.ok(done.returncode == 0 and (u.lists / 'digest').read_bytes() == body, 'http is taken if a digest pins it',
           done.stderr)
    u.configure(plain={'url': f'{web.http}/list'})
    tap.ok(u.run().returncode == 1 and not (u.lists / 'plain').exists(), 'and refused without')
    tools = {'minisign': 'minisig', 'signify-openbsd': 'sig'}
    for tool, end in tools.items():
        if not shutil.which(tool):
            tap.skip(f'signatures of {tool}', f'no {tool}')
            continue
        work = u.folder / tool
        work.mkdir()
        (work / 'list').write_bytes(body)
        if tool == 'minisign':
            subprocess.run(['minisign', '-G', '-W', '-p', work / 'key.pub', '-s', work / 'key.sec'], check=True,
                           capture_output=True)
            subprocess.run(['minisign', '-S', '-s', work / 'key.sec', '-m', work / 'list', '-x', work / 'signature'],
                           check=True, capture_output=True)
        else:
            subprocess.run([tool, '-G', '-n', '-p', work / 'key.pub', '-s', work / 'key.sec'], check=True,
                           capture_output=True)
            subprocess.run([tool, '-S', '-s', work / 'key.sec', '-m', work / 'list', '-x', work / 'signature'],
                           check=True, capture_output=True)
        key = (work / 'key.pub').read_text().splitlines()[1]
        web.pages[f'/{tool}'] = web.page(body, ETag='"s"')
        web.pages[f'/{tool}.{end}'] = web.page((work / 'signature').read_bytes())
        # without minisign, signify does it
        bin_ = work / 'bin'
        bin_.mkdir()
        for program in pathlib.Path('/usr/bin').iterdir():
            if tool == 'minisign' or program.name != 'minisign':
                (bin_ / program.name).symlink_to(program)
        u.configure(**{'signed': {'url': f'{web.https}/{tool}'} | {'minisign': key}})
        (u.lists / 'signed').unlink(missing_ok=True)
        done = u.run(path=str(bin_))
        tap.ok(done.returncode == 0 and (u.lists / 'signed').read_bytes() == body, f'what {tool} signed is taken',
               done.stderr)
        web.pages[f'/{tool}'] = web.page(body + b'evil.example.org\n')
        done = u.run(path=str(bin_))
        tap.ok(done.returncode == 1 and 'signature is wrong' in done.stderr and (u.lists / 'signed').read_bytes() == body,
               'and what was changed behind it is not', done.stderr)


INDEX = '''indicators:
  -
    type: github
    name: First
    references:
      - https://example.org/path: x
    github:
      owner: some
      repo: lists
      branch: main
      path: 2026/first.txt
  - type: "github"
    name: Second # comment
    github:
      owner: 'some'
      repo: lists
      path: second.txt
  -
    type: download
    download_url: {https}/third.txt
'''


def check_index(tap, folder, web):
    u = Updater(folder / 'index', web)
    web.pages.update({'/index': web.page(INDEX.format(https=web.https).encode()),
                      '/some/lists/main/2026/first.txt': web.page(names(10)),
                      '/some/lists/main/second.txt': web.page(names(10, 10)), '/third.txt': web.page(names(10, 20))})
    u.configure(mvt={'url': f'{web.https}/index'})
    done = u.run()
    files = sorted(p.name for p in (u.lists / 'mvt').iterdir())
    third = f'localhost-{web.https.rsplit(":", 1)[1]}-third.txt'
    tap.same((done.returncode, files), (0, [third, 'some-lists-2026-first.txt', 'some-lists-second.txt']),
             'one line subscribes to all lists of an index')
    web.pages['/some/lists/main/second.txt'] = web.status(500)
    web.pages['/some/lists/main/2026/first.txt'] = web.page(names(11))
    done = u.run()
    tap.ok(done.returncode == 1 and (u.lists / 'mvt' / 'some-lists-second.txt').read_bytes() == names(10, 10) and
           (u.lists / 'mvt' / 'some-lists-2026-first.txt').read_bytes() == names(11), 'one goes wrong, one is updated',
           done.stderr)
    web.pages['/index'] = web.page('\n'.join(INDEX.format(https=web.https).splitlines()[:-3]).encode())
    done = u.run()
    tap.ok(not (u.lists / 'mvt' / third).exists() and 'removed' in done.stdout, 'what the index drops goes', done.stdout)
    for name, index in {'empty': 'indicators:\n', 'cut': 'indica', 'paths': INDEX.replace('some', '../../..'),
                        'http': INDEX.format(https='http://localhost:1'), 'odd': INDEX.replace('second.txt', "a'$(id)")}.items():
        web.pages['/index'] = web.page(index.format(https=web.https).encode())
        done = u.run()
        tap.ok(done.returncode == 1 and sorted(p.name for p in u.lists.iterdir()) == ['.state', 'mvt'] and
               not list(u.folder.glob('*.txt')), f'a bad index ({name}) is told', done.stdout + done.stderr)
    many = ''.join(f'  - type: url\n    url: {web.https}/many{i}\n' for i in range(6))
    for i in range(6):
        web.pages[f'/many{i}'] = web.page(names(10, 100 * i))
    web.pages['/index'] = web.page(f'indicators:\n{many}'.encode())
    u.run()
    web.pages['/index'] = web.page('\n'.join(f'indicators:\n{many}'.splitlines()[:5]).encode())
    done = u.run()
    tap.ok(done.returncode == 1 and len(list((u.lists / 'mvt').iterdir())) == 6 and 'names 2 lists, and named 6' in done.stderr,
           'an index that shrank is refused', done.stderr)
    tap.ok(u.run('--take-shrunk').returncode == 0 and len(list((u.lists / 'mvt').iterdir())) == 2, 'unless told')
    tap.same(u.leftovers(), [], 'nothing is left behind')


def check_mvt(tap, folder, web):
    feeds = shared(SOURCE, 'feeds')
    if feeds is None:
        tap.skip('the index of MVT', 'no shared/feeds')
        return
    u = Updater(folder / 'mvt', web)
    web.pages = {'/indicators.yaml': web.page((feeds / 'indicators.yaml').read_bytes())}
    listed = [line.split()[-1] for line in (feeds / 'indicators.yaml').read_text().splitlines() if ' path: ' in line]
    here = {p.name: p for p in (feeds / 'stix2').iterdir()}
    u.configure(mvt={'url': f'{web.https}/indicators.yaml'})
    u.run()
    asked = [p for p, _ in web.requests if p.endswith('.stix2')]
    tap.ok(len(listed) >= 10 and all(any(a.endswith(f'/{p}') for a in asked) for p in listed),
           f'all {len(listed)} lists of the real index are asked for', asked)
    for path in asked:
        if path.rsplit('/', 1)[1] in here:
            web.pages[path] = web.page(here[path.rsplit('/', 1)[1]].read_bytes())
    done = u.run()
    tap.ok(len(list((u.lists / 'mvt').iterdir())) >= 10, 'and those that there are, are taken', done.stderr)


def check_offline(tap, folder, web):
    u, stick = Updater(folder / 'offline', web), folder / 'stick'
    stick.mkdir()
    (stick / 'mvt').mkdir()
    (stick / 'list').write_bytes(names(12))
    (stick / 'mvt' / 'a.txt').write_bytes(names(13))
    (stick / 'named.txt').write_bytes(names(14))
    (stick / 'bad').write_bytes(b'<html>')
    web.requests.clear()
    u.configure(list={'url': f'{web.https}/x'}, mvt={'url': f'{web.https}/index', 'format': 'mvt-index'},
                named={'path': u.lists / 'named.txt'}, bad={'url': f'{web.https}/y'}, missing={'url': f'{web.https}/z'},
                pinned={'url': f'{web.https}/list', 'path': u.lists / 'pinned', 'sha256': '0' * 64})
    done = u.run('--from', stick)
    got = {str(p.relative_to(u.lists)): p.read_bytes() for p in u.lists.rglob('*')
           if p.is_file() and '.state' not in p.parts}
    tap.same((done.returncode, got, web.requests),
             (1, {'list': names(12), 'mvt/a.txt': names(13), 'named.txt': names(14)}, []),
             'a stick: its lists are taken, nobody is asked; what is bad or pinned otherwise is refused')


def check_small_shells(tap, folder, web):
    """OpenWrt: busybox for everything, uclient-fetch instead of curl."""
    busybox = shutil.which('busybox')
    if not busybox:
        tap.skip('on busybox', 'no busybox')
        return
    bin_ = folder / 'bin'
    bin_.mkdir()
    listed = subprocess.run([busybox, '--list'], capture_output=True, text=True, check=True).stdout.split()
    for name in listed:
        (bin_ / name).symlink_to(busybox)
    fetch = bin_ / 'uclient-fetch'  # as far as it is used; its last argument is the URL
    fetch.write_text('#!/bin/sh\nwhile [ $# -gt 1 ]; do [ "$1" != -O ] || out=$2; shift; done\n'
                     f'exec {shutil.which("curl")} -sSf -L -o "$out" "$1"\n')
    fetch.chmod(0o755)
    u = Updater(folder / 'busybox', web, f'{busybox} sh')
    web.pages.update({'/good': web.page(names(30)), '/gz': web.page(gzip.compress(names(30))[:-9]), '/long': web.endless(b'a\n')})
    u.configure(good={'url': f'{web.https}/good'}, gz={'url': f'{web.https}/gz'}, long={'url': f'{web.https}/long',
                                                                                        'max_size': '10k'})
    done = u.run(path=str(bin_))
    tap.ok(done.returncode == 1 and (u.lists / 'good').read_bytes() == names(30) and not (u.lists / 'gz').exists() and
           not (u.lists / 'long').exists() and 'good: updated, 30 entries' in done.stdout, 'on busybox with uclient-fetch',
           done.stdout + done.stderr)


def check_usage(tap, folder, web):
    u = Updater(folder / 'usage', web)
    web.pages['/a'] = web.page(names(3))
    u.configure(a={'url': f'{web.https}/a'})
    for arguments in (['--frm', 'x'], ['--from'], ['--from', '/nonexistent'], ['nobody'], ['--timeout', 'x'],
                      ['-c', '/nonexistent']):
        done = u.run(*arguments)
        tap.ok(done.returncode == 2 and done.stderr, f'usage: {" ".join(arguments)}', done.stderr)
    u.conf.write_text(f'\ufeff[daemon]\r\n  control-socket = /x ; y\r\n[source a]\r\nurl = {web.https}/a\r\npath =\r\n'
                      f'   {u.lists}/b c\r\nmax-size = 2M\r\n# [source c]\r\n[source  d ]\r\ninterval: 1d\r\nurl={web.https}/a\r\n')
    done = u.run()
    tap.ok(done.returncode == 0 and (u.lists / 'b c').exists() and (u.lists / 'd').exists(),
           'the configuration is read as bridled reads it', done.stdout + done.stderr)
    u.configure(**{'..': {'url': f'{web.https}/a'}, 'q': {'url': f"{web.https}/a'b"}, 'f': {'url': 'file:///etc/passwd'},
                   'r': {'url': f'{web.https}/a', 'path': 'relative'}})
    done = u.run()
    tap.ok(done.returncode == 1 and len(done.stderr.splitlines()) == 4, 'what bridled refuses is refused here, too',
           done.stderr)


def check_options(tap, folder, web):
    """What the section says of the list counts when it is checked, too."""
    u = Updater(folder / 'options', web)
    web.pages['/table'] = web.page(b''.join(b'%d;listed%d.example.org;Some\n' % (i, i) for i in range(20)))
    web.pages['/list'] = web.page(names(20))
    u.configure(table={'url': f'{web.https}/table', 'columns': '-;value;campaign'.replace(';', ',')},
                wrong={'url': f'{web.https}/list', 'format': 'stix'})
    done = u.run()
    tap.ok('table: updated, 20 entries' in done.stdout and 'wrong: ' in done.stderr and not (u.lists / 'wrong').exists(),
           'columns and format of the section count when a list is checked', done.stdout + done.stderr)


def check_live(tap, folder, web):
    """Through a daemon that runs: whatever comes, what was listed is found."""
    why = available()
    if '#define HAVE_LIBPCAP 1' not in (BUILD / 'config.h').read_text(encoding='ascii'):
        why = 'this build has no live capture (libpcap)'
    if why:
        tap.skip('through a daemon', why)
        return
    with Lab('update') as lab:
        d = Bridled(lab, lab.sensor)
        u = Updater(folder / 'live', web)
        (u.folder / 'lists').chmod(0o755)
        for f in (folder, folder / 'live'):
            f.chmod(0o755)
        d.conf.write_text(d.conf.read_text().replace('[rules]\n', '[rules]\nsettle = 200ms\n') +
                          f'[source live]\nurl = {web.https}/live\npath = {u.lists}/live\nmax-size = 100k\n')
        u.conf = d.conf
        web.pages['/live'] = web.page(names(40))
        d.start()
        found = lambda n: 'no match' not in d.control_command('lookup', f'listed{n}.example.org').stdout  # noqa: E731
        tap.ok(not found(7), 'a daemon runs before its list was fetched')
        done = u.run()
        tap.ok(done.returncode == 0 and 'indicators in use (generation 2)' in done.stdout and found(7),
               'the list is fetched and loaded', done.stdout + done.stderr)
        for name, page in {'404': None, '500': web.status(500), 'truncated': web.truncated(names(400)),
                           'slow': web.endless(b'a.example.org\n', delay=0.2), 'huge': web.endless(b'a.example.org\n'),
                           'page': web.page(b'<!doctype html>'), 'empty': web.page(b''), 'shrunk': web.page(names(2)),
                           'gzip': web.page(gzip.compress(names(400))[:-100]),
                           'to http': web.status(302, Location=f'{web.http}/other')}.items():
            web.pages['/live'] = page
            done = u.run()
            tap.ok(done.returncode == 1 and found(7) and found(39), f'{name}: the old list is in force', done.stderr)
        status = json.loads(d.control_command('--json', 'status').stdout)['rules']
        tap.same((status['generation'], status['refused']), (2, 0), 'and the daemon was not bothered')
        web.pages['/live'] = web.page(names(45))
        u.run('--no-reload')
        tap.ok(soon(lambda: found(44), 8), 'one that may not ask the daemon to reload is noticed', d.messages())
        (u.lists / 'live').write_bytes(b'')  # by somebody else's hand
        tap.ok(soon(lambda: 'list-kept' in str(d.events()) or json.loads(d.control_command('--json', 'status').stdout)
                    ['rules']['kept'], 8) and found(44), 'a list that is emptied past the updater stays in force, too', d.messages())
        tap.same(d.stop(), 0, 'the daemon ends')


def main():
    if not shutil.which('curl') or not shutil.which('openssl'):
        skip_all('needs curl and openssl')
    tap = Tap()
    with tempfile.TemporaryDirectory(prefix='bridle-update-') as name:
        folder = pathlib.Path(name)
        (folder / 'ca').mkdir()
        with Web(folder / 'ca') as web:
            for check in (check_hostile, check_conditional, check_pins, check_index, check_mvt, check_offline,
                          check_small_shells, check_usage, check_options, check_live):
                check(tap, folder, web)
    return tap.done()


sys.exit(main())
