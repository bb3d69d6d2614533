#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""bridle-update against answers that no server should give, a disk that is full or cannot be written to, an end at any
moment, itself, and files of others: the old list stays whole, nothing is left behind, and what is told helps."""
import gzip
import os
import pathlib
import random
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import threading
import time

from lab_update import Updater, names
from lab_web import Answers, Server, Web
from tap import Tap, skip_all

GOOD = names(40)


def raw(data, delay=0.0):
    """Just these bytes; one each `delay` s."""
    def answer(request):
        for part in [data[i:i + 1] for i in range(len(data))] if delay else [data]:
            request.wfile.write(part)
            time.sleep(delay)
    return answer


def head(code='200 OK', **headers):
    lines = ''.join(f'{k.replace("_", "-")}: {v}\r\n' for k, v in headers.items())
    return f'HTTP/1.1 {code}\r\n{lines}Connection: close\r\n\r\n'.encode()


def sent_to(where):
    return raw(head('302 Found', Location=where, Content_Length=0))


def chunks(body, part):
    """Chunked, of which only a part comes."""
    text = b''.join(b'%x\r\n%s\r\n' % (len(body[i:i + 100]), body[i:i + 100]) for i in range(0, len(body), 100))
    return raw(head(Transfer_Encoding='chunked') + (text + b'0\r\n\r\n')[:int(len(text) * part)])


def serve_expired(web):
    """Another server, with a certificate of a year that has passed."""
    ca = web.folder
    subprocess.run(['openssl', 'req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout',
                    ca / 'past.key', '-out', ca / 'past.csr', '-subj', '/CN=localhost', '-addext',
                    'subjectAltName=DNS:localhost'], check=True, capture_output=True)
    (ca / 'ca.conf').write_text(f'[ca]\ndefault_ca=d\n[d]\ndatabase={ca}/index\nnew_certs_dir={ca}\nserial={ca}/serial\n'
                                'default_md=sha256\npolicy=p\ncopy_extensions=copy\n[p]\ncommonName=supplied\n')
    (ca / 'index').write_text('')
    (ca / 'serial').write_text('77\n')
    subprocess.run(['openssl', 'ca', '-batch', '-config', ca / 'ca.conf', '-cert', ca / 'authority.pem', '-keyfile',
                    ca / 'authority.key', '-in', ca / 'past.csr', '-out', ca / 'past.pem', '-startdate', '20200101000000Z',
                    '-enddate', '20200201000000Z', '-notext'], check=True, capture_output=True)
    server = Server(('127.0.0.1', 0), Answers)
    server.web = web
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(ca / 'past.pem', ca / 'past.key')
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    web.servers.append(server)
    return f'https://localhost:{server.server_address[1]}'


def answers(web):
    """{name: (page, what is said, keys)}"""
    page, https, http = web.page, web.https, web.http
    many = ''.join(f'  - type: url\n    url: {https}/many{i}\n' for i in range(3000))
    return {
        'unasked-304': (raw(head('304 Not Modified')), 'nothing was asked', {}),
        'unasked-304-etag': (raw(head('304 Not Modified', ETag='"x"')), 'nothing was asked', {}),
        'later-503': (web.status(503, GOOD, Retry_After='120'), 'answered 503', {}),
        'nothing-204': (raw(head('204 No Content')), 'answered 204', {}),
        'made-201': (web.status(201, names(41)), 'answered 201', {}),
        'cut-length': (raw(head(Content_Length=99999) + names(41)), 'cut short', {}),
        'cut-chunks': (chunks(names(400), 0.5), 'cut short', {}),
        'cut-last-chunk': (chunks(names(400), 1), 'cut short', {}),
        'cut-gzip-end': (page(gzip.compress(names(400))[:-8]), 'cut', {}),
        'gzip-coding-cut': (page(gzip.compress(names(4000))[:-1500], Content_Encoding='gzip'), 'cut', {}),
        'to-metadata': (sent_to('http://169.254.169.254/latest/meta-data'), 'not by https', {}),
        'to-ftp': (sent_to('ftp://localhost/x'), 'not by https', {}),
        'to-data': (sent_to('data:text/plain,listed1.example.org'), '', {}),
        'to-nowhere': (sent_to(''), 'answered 302', {}),
        'to-escapes': (sent_to('\x1b[2J://x'), '', {}),
        'expired': (page(names(41)), 'expired', {'url': f'{web.expired}/expired'}),
        'no-tls': (page(names(41)), '', {'url': f'{http.replace("http", "https")}/no-tls'}),
        'slow-body': (raw(head() + names(41), 0.2), 'within 2 seconds', {}),
        'many-headers': (raw(b'HTTP/1.1 200 OK\r\n' + b'X: %s\r\n' % (b'a' * 1000) * 3000 + b'\r\n' + names(41)), '', {}),
        'long-header': (raw(b'HTTP/1.1 200 OK\r\nX: ' + b'a' * 2000000 + b'\r\n\r\n' + names(41)), '', {}),
        'no-head': (raw(names(41)), '', {}),
        'endless-chunks': (raw(head(Transfer_Encoding='chunked') + b'1000\r\n%s\r\n' % (b'a.example.org\n' * 292 + b'#' * 8)
                               * 100), 'larger than 102400 bytes', {'max_size': '100k'}),
        'page-head': (page(b'<head><title>Sign in</title></head>' + names(41)), 'web page', {}),
        'page-comment': (page(b'\xef\xbb\xbf<!-- portal -->\n' * 200 + names(41)), 'web page', {}),
        'error-xml': (page(b'<?xml version="1.0"?><Error><HostId>a.example.org</HostId></Error>'), 'web page', {}),
        'error-json': (page(b'{"error":"slow down","url":"https://api.example.org/"}'), 'JSON', {}),
        'error-text': (page(b'404: Not Found\n'), '', {}),
        'blank': (page(b'\n' * 1000), 'no entry', {}),
        'image': (page(b'BRIDLEIM' + bytes(4000)), '', {}),
        'index': (page(f'indicators:\n  - type: url\n    url: {https}/good\n'.encode()), '', {'format': 'plain'}),
        'index-of-many': (page(f'indicators:\n{many}'.encode()), 'names 3000 lists', {}),
        'pin-short': (page(names(41)), 'SHA-256', {'sha256': 'abc'}),
        'key-odd': (page(names(41)), 'signature', {'minisign': '-x; touch pwned'}),
    }


def check_answers(tap, folder, web, shell, only=None):
    """Once with an old list in its place, once with none."""
    cases = {n: c for n, c in answers(web).items() if only is None or n in only}
    u = Updater(folder / f'answers-{shell.split("/")[-1].replace(" ", "-")}', web, shell, 2)
    sources = {n: {'url': f'{web.https}/{n}', **keys} for n, (_, _, keys) in cases.items()}
    web.pages.update({f'/{n}': page for n, (page, _, _) in cases.items()}, **{'/good': web.page(names(41))})
    u.configure(**sources)
    for old in ({}, {u.lists / n: GOOD for n in cases}):
        for path, text in old.items():
            path.write_bytes(text)
        done = u.run()
        there = {p: p.read_bytes() for p in u.lists.iterdir() if p.name != '.state'}
        tap.same((done.returncode, there), (1, old), f'{shell}: {len(cases)} answers of a bad server: what was there stays')
        for name, (_, said, _) in cases.items():
            told = [line for line in done.stderr.splitlines() if line.startswith(f'bridle-update: {name}: ')]
            tap.ok(len(told) == 1 and said in told[0] and len(told[0]) > len(name) + 20 and told[0].isprintable(),
                   f'{name}: told', '\n'.join(told) or done.stderr)
        tap.ok(len(done.stderr.splitlines()) == len(cases), 'and nothing else', done.stderr)
        tap.same(u.leftovers(), [], 'nothing is left behind')


def check_index(tap, folder, web):
    u = Updater(folder / 'index', web)
    text = 'indicators:\n' + ''.join(f'  - type: url\n    url: {web.https}/{n}\n' for n in ('x?a', 'x/a', 'x-a', '../../x', '%2e%2e'))
    for path in ('/x?a', '/x/a', '/x-a', '/x', '/../../x', '/%2e%2e'):
        web.pages[path] = web.page(names(10, word=path.strip('/.').replace('/', 's').replace('?', 'q').replace('%', 'p') or 'n'))
    web.pages['/index'] = web.page(text.encode())
    u.configure(mvt={'url': f'{web.https}/index'})
    done = u.run()
    files = {p.name: p.read_bytes() for p in (u.lists / 'mvt').iterdir()}
    tap.ok(done.returncode == 0 and len(files) == 5 and len(set(files.values())) == 5 and
           sorted(os.listdir(u.lists)) == ['.state', 'mvt'], 'lists whose names come out alike do not replace each other',
           f'{done.stderr}{sorted(files)}')
    done = u.run()
    tap.ok('updated' not in done.stdout and done.returncode == 0, 'and stay what they are', done.stdout)
    web.pages['/index'] = web.page(names(50))
    done = u.run()
    now = {p.name: p.read_bytes() for p in (u.lists / 'mvt').iterdir()}
    tap.ok(done.returncode == 1 and 'no index any more' in done.stderr and now == files, 'an index that became a list is told',
           done.stderr + done.stdout)
    tap.same(u.leftovers(), [], 'nothing is left behind')


def check_killed(tap, folder, web):
    """At any moment, alone or with all that it started: each list is the old or the new one, whole."""
    chance, bad = random.Random(4711), []
    u = Updater(folder / 'killed', web)
    kinds = ['a', 'b', 'c']
    u.configure(**{k: {'url': f'{web.https}/{k}'} for k in kinds})
    texts = {n: names(100 + n) for n in range(60)}
    for k in kinds:
        web.pages[f'/{k}'] = web.page(texts[0])
    began = time.monotonic()
    u.run()
    took = time.monotonic() - began
    for n in range(1, 51):
        for k in kinds:
            web.pages[f'/{k}'] = web.page(texts[n])
        process = u.start()
        time.sleep(chance.uniform(0, took))
        if n % 2:
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
        process.communicate()
        bad += [(n, k) for k in kinds if (u.lists / k).read_bytes() not in [texts[i] for i in range(n + 1)]]
    tap.same(bad, [], 'killed fifty times: each list is whole')
    done = u.run()
    tap.ok(done.returncode == 0 and all((u.lists / k).read_bytes() == texts[50] for k in kinds), 'and the next run does its work',
           done.stdout + done.stderr)
    tap.same(u.leftovers(), [], 'and takes away what was left behind')


def check_at_once(tap, folder, web):
    u = Updater(folder / 'once', web)
    u.configure(a={'url': f'{web.https}/a'})
    ends = []
    for n in range(8):
        web.pages['/a'] = web.page(names(50 + n))
        runs = [u.start() for _ in range(4)]
        told = [r.communicate()[1] for r in runs]
        ends.append(sorted(r.returncode for r in runs))
        if any(r.returncode and 'another bridle-update runs' not in t for r, t in zip(runs, told)):
            tap.ok(False, 'the others say why they do not run', told)
        if (u.lists / 'a').read_bytes() != names(50 + n):
            tap.ok(False, 'the list is the new one')
    tap.ok(all(e[0] == 0 and set(e) <= {0, 2} for e in ends), 'of four at once one does the work, the others wait for nothing', ends)
    tap.same(u.leftovers(), [], 'nothing is left behind')


def check_disk(tap, folder, web):
    if os.geteuid() != 0:
        tap.skip('a full disk', 'needs root')
        return
    u = Updater(folder / 'disk', web)
    big = names(6000)
    u.configure(a={'url': f'{web.https}/a'}, b={'url': f'{web.https}/b'})
    mounted = subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=128k', 'tmpfs', u.lists], capture_output=True, check=False)
    if mounted.returncode:
        tap.skip('a full disk', 'nothing can be mounted here')
        return
    try:
        web.pages.update({'/a': web.page(GOOD), '/b': web.page(GOOD)})
        tap.same(u.run().returncode, 0, 'a small disk has room for small lists')
        web.pages.update({'/a': web.page(big), '/b': web.page(names(41))})
        done = u.run()
        tap.ok(done.returncode == 1 and 'a: it cannot be stored: the disk is full' in done.stderr and
               (u.lists / 'a').read_bytes() == GOOD and (u.lists / 'b').read_bytes() == names(41),
               'one too large: the old one stays, the next is taken', done.stderr)
        (folder / 'stick').mkdir()
        (folder / 'stick' / 'a').write_bytes(big)
        done = u.run('--from', folder / 'stick')
        tap.ok(done.returncode == 1 and (u.lists / 'a').read_bytes() == GOOD and 'a: ' in done.stderr, 'from a stick, too',
               done.stderr)
        tap.same(u.leftovers(), [], 'nothing is left behind')
        filler = u.lists / 'filler'
        with filler.open('wb', buffering=0) as f:
            try:
                while True:
                    f.write(bytes(4096))
            except OSError:
                pass
        web.pages['/a'] = web.page(names(42))
        done = u.run()
        tap.ok(done.returncode != 0 and 'disk is full' in done.stderr and (u.lists / 'a').read_bytes() == GOOD, 'no room at all',
               done.stderr)
        filler.unlink()
        subprocess.run(['mount', '-o', 'remount,ro', u.lists], check=True)
        done = u.run()
        tap.ok(done.returncode == 2 and 'cannot be written to' in done.stderr, 'a disk that cannot be written to', done.stderr)
        subprocess.run(['mount', '-o', 'remount,rw', u.lists], check=True)
        tap.ok(u.run().returncode == 0 and (u.lists / 'a').read_bytes() == names(42), 'and it is well again')
    finally:
        subprocess.run(['umount', u.lists], check=False)


def check_owner(tap, folder, web):
    """By hand it is root; the files are the updater's, who may be hostile."""
    if os.geteuid() != 0:
        tap.skip('as root', 'needs root')
        return
    u = Updater(folder / 'owner', web)
    for f in (folder, u.folder, web.folder):
        f.chmod(0o755)
    os.chown(u.lists, 65534, 65534)
    web.pages['/a'] = web.page(GOOD)
    u.configure(a={'url': f'{web.https}/a'})
    (u.lists / '.state').mkdir()
    os.chown(u.lists / '.state', 65534, 65534)
    precious = u.folder / 'precious'
    precious.write_text('root\n')
    for name in ('a.new', 'a'):
        (u.lists / '.state' / name).symlink_to(precious)
    done = u.run()
    owners = {p.name: p.stat().st_uid for p in [*u.lists.iterdir(), u.lists / '.state' / 'a']}
    tap.ok(precious.read_text() == 'root\n', 'root does not write through links of the user whose the lists are', done.stderr)
    (u.lists / '.state' / 'a.new').unlink()
    (u.lists / '.state' / 'a').unlink()
    done = u.run()
    owners = {p.name: p.stat().st_uid for p in [*u.lists.iterdir(), u.lists / '.state' / 'a']}
    tap.ok(done.returncode == 0 and set(owners.values()) == {65534} and (u.lists / 'a').read_bytes() == GOOD,
           'and leaves nothing that is its own', f'{done.stderr}{owners}')
    as_nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups']
    u.shell = ' '.join([*as_nobody, 'sh'])
    web.pages['/a'] = web.page(names(44))
    done = u.run()
    tap.ok(done.returncode == 0 and (u.lists / 'a').read_bytes() == names(44), 'so that its user goes on', done.stderr)


def check_clock(tap, folder, web):
    u = Updater(folder / 'clock', web)
    web.pages['/a'] = web.page(GOOD)
    u.configure(a={'url': f'{web.https}/a'})
    u.run()
    state = u.lists / '.state' / 'a'
    for when in (int(time.time()) + 10 ** 8, 0, -5, 10 ** 30, 'x'):
        web.requests.clear()
        state.write_text(''.join(f'checked {when}\n' if line.startswith('checked') else line + '\n'
                                 for line in state.read_text().splitlines()))
        done = u.run(now=False)
        tap.ok(done.returncode == 0 and len(web.requests) == 1, f'asked for last at {when}: it is asked for', done.stderr)


def main():
    if not shutil.which('curl') or not shutil.which('openssl'):
        skip_all('needs curl and openssl')
    tap = Tap()
    few = ['unasked-304', 'cut-chunks', 'to-metadata', 'expired', 'endless-chunks', 'page-head', 'index']
    with tempfile.TemporaryDirectory(prefix='bridle-update-') as name:
        folder = pathlib.Path(name)
        (folder / 'ca').mkdir()
        with Web(folder / 'ca') as web:
            web.expired = serve_expired(web)
            check_answers(tap, folder, web, 'sh')
            for shell in (shutil.which('bash'), f'{shutil.which("busybox")} sh'):
                if not shell or shell.startswith('None'):
                    tap.skip('in another shell', 'there is none')
                else:
                    check_answers(tap, folder, web, shell, few)
            for check in (check_index, check_killed, check_at_once, check_disk, check_owner, check_clock):
                check(tap, folder, web)
    return tap.done()


sys.exit(main())
