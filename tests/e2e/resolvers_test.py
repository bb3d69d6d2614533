#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Resolvers that are given an export block what bridle matches, and nothing else: dnsmasq, Unbound by its own zones and
by a response policy zone, and BIND by that zone, all on the loopback interface, before a server that answers
everything."""
import os
import pathlib
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

from tap import Tap

SOURCE, BUILD = map(pathlib.Path, sys.argv[1:3])
BRIDLECTL = BUILD / "daemon" / "bridlectl"
RULES = """# bridle-ioc 1
@campaign Test
evil.example.com
a.b.evil.example.com
!help.deep.evil.example.com
=cdn7.example.net
=in.evil.example.com
!shop.example
in.shop.example
203.0.113.7
198.51.100.0/24
2001:db8:5::/48
"""
BLOCKED, PASSES = "blocked", "passes"
# What each name must come to.
WANTED = {
    "evil.example.com": BLOCKED, "www.evil.example.com": BLOCKED, "a.b.c.d.evil.example.com": BLOCKED,
    "xevil.example.com": PASSES, "example.com": PASSES, "com": PASSES,
    "a.b.evil.example.com": BLOCKED, "b.evil.example.com": BLOCKED, "z.b.evil.example.com": BLOCKED,
    "help.deep.evil.example.com": PASSES, "x.help.deep.evil.example.com": PASSES, "deep.evil.example.com": BLOCKED,
    "y.deep.evil.example.com": BLOCKED, "cdn7.example.net": BLOCKED, "www.cdn7.example.net": PASSES,
    "example.net": PASSES, "in.evil.example.com": BLOCKED, "x.in.evil.example.com": BLOCKED,
    "shop.example": PASSES, "www.shop.example": PASSES, "in.shop.example": BLOCKED, "x.in.shop.example": BLOCKED,
}
# Names with listed addresses: only some formats can block them.
ADDRESSES = {"one.example.org": "203.0.113.7", "many.example.org": "198.51.100.77", "near.example.org": "203.0.113.8"}
ELSEWHERE = "192.0.2.99"


def question(name, kind=1):
    labels = b"".join(bytes([len(part)]) + part.encode() for part in name.split("."))
    return labels + b"\0" + struct.pack(">HH", kind, 1)


class Upstream(threading.Thread):
    """Answers every question for an address: ADDRESSES, or ELSEWHERE."""

    def __init__(self):
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.start()

    def run(self):
        while True:
            data, peer = self.socket.recvfrom(4096)
            at, labels = 12, []
            while data[at]:
                labels.append(data[at + 1:at + 1 + data[at]].decode().lower())
                at += 1 + data[at]
            kind = struct.unpack(">H", data[at + 1:at + 3])[0]
            address = socket.inet_aton(ADDRESSES.get(".".join(labels), ELSEWHERE))
            answer = b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 60, 4) + address if kind == 1 else b""
            head = data[:2] + b"\x81\x80" + struct.pack(">HHHH", 1, bool(answer), 0, 0)
            self.socket.sendto(head + data[12:at + 5] + answer, peer)


def ask(port, name):
    """What a resolver says: blocked, passes, or what else."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(3)
        s.sendto(b"\x12\x34\x01\x00" + struct.pack(">HHHH", 1, 0, 0, 0) + question(name), ("127.0.0.1", port))
        try:
            data = s.recv(4096)
        except (TimeoutError, ConnectionRefusedError):
            return "no answer"
    rcode, answers = data[3] & 15, struct.unpack(">H", data[6:8])[0]
    if rcode == 3 or (rcode == 0 and (not answers or data.endswith(bytes(4)))): # NXDOMAIN, no address, or 0.0.0.0
        return BLOCKED
    wanted = socket.inet_aton(ADDRESSES.get(name, ELSEWHERE))
    return PASSES if rcode == 0 and answers and wanted in data else f"rcode {rcode}, {answers} answers"


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def dnsmasq(folder, port, upstream):
    return ["dnsmasq", "--keep-in-foreground", "--no-resolv", "--no-hosts", "--no-daemon", "--pid-file=",
            f"--port={port}", "--listen-address=127.0.0.1", "--bind-interfaces", f"--server=127.0.0.1#{upstream}",
            f"--conf-file={folder}/dnsmasq", f"--user={'root' if os.geteuid() == 0 else ''}"]


UNBOUND = """server:
    interface: 127.0.0.1@{port}
    do-not-query-localhost: no
    do-ip6: no
    chroot: ""
    username: ""
    directory: "{folder}"
    pidfile: ""
    use-syslog: no
    module-config: "{modules}"
    domain-insecure: "."
{more}
forward-zone:
    name: "."
    forward-addr: 127.0.0.1@{upstream}
remote-control:
    control-enable: no
"""


def unbound(folder, port, upstream, modules="iterator", more=None, name="unbound.conf"):
    conf = folder / name
    conf.write_text(UNBOUND.format(folder=folder, port=port, upstream=upstream, modules=modules,
                                   more=more or f'    include: "{folder}/unbound"'))
    return ["unbound", "-d", "-d", "-c", conf]


def unbound_rpz(folder, port, upstream):
    more = f'rpz:\n    name: "bridle.rpz"\n    zonefile: "{folder}/rpz"'
    return unbound(folder, port, upstream, "respip iterator", more, "rpz.conf")


def bind(folder, port, upstream):
    conf = folder / "named.conf"
    conf.write_text(f"""options {{ directory "{folder}"; listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }};
        forwarders port {upstream} {{ 127.0.0.1; }}; forward only; recursion yes; dnssec-validation no;
        pid-file none; session-keyfile none; managed-keys-directory "{folder}";
        response-policy {{ zone "bridle.rpz"; }} qname-wait-recurse no; }};
        zone "bridle.rpz" {{ type primary; file "{folder}/rpz"; allow-query {{ none; }}; }};
        controls {{ }};\n""")
    return ["named", "-g", "-c", conf]


def check_resolver(tap, folder, what, command, addresses, upstream):
    port = free_port()
    words = command(folder, port, upstream.port)
    if not shutil.which(words[0]):
        tap.skip(f"{what}: what is listed is blocked, and nothing else", f"no {words[0]}")
        return
    with open(folder / "log", "w+b") as log:
        with subprocess.Popen(list(map(str, words)), stdout=log, stderr=log, stdin=subprocess.DEVNULL) as process:
            end = time.monotonic() + 20
            while process.poll() is None and ask(port, "ready.example.org") != PASSES and time.monotonic() < end:
                time.sleep(0.1)
            got = {name: ask(port, name) for name in (*WANTED, *ADDRESSES)}
            process.terminate()
        log.seek(0)
        told = log.read().decode(errors="replace")[-1500:]
    wanted = {**WANTED, **{name: PASSES for name in ADDRESSES}}
    if addresses:
        wanted.update({"one.example.org": BLOCKED, "many.example.org": BLOCKED})
    wrong = {name: (got[name], wanted[name]) for name in wanted if got[name] != wanted[name]}
    tap.ok(not wrong, f"{what}: what is listed is blocked, and nothing else", f"{wrong}\n{told if wrong else ''}")


def main():
    tap, upstream = Tap(), Upstream()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        (folder / "rules.ioc").write_text(RULES)
        for form in ("dnsmasq", "unbound", "rpz"):
            subprocess.run([BRIDLECTL, "export", "--format", form, "-R", folder / "rules.ioc", "-o", folder / form],
                           check=True, capture_output=True)
        check_resolver(tap, folder, "dnsmasq", dnsmasq, True, upstream)
        check_resolver(tap, folder, "unbound", unbound, False, upstream)
        check_resolver(tap, folder, "rpz in unbound", unbound_rpz, True, upstream)
        check_resolver(tap, folder, "rpz in bind", bind, True, upstream)
    return tap.done()


sys.exit(main())
