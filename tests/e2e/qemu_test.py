#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The image is the same on every machine: read on a 32-bit big-endian PowerPC and a 32-bit ARM under qemu, every
record and every look-up prints what it prints here, and an image built there has the same bytes. One that is damaged
or of another version is refused there, too."""
import ipaddress
import pathlib
import platform
import random
import shutil
import subprocess
import sys
import tempfile

from tap import Tap, skip_all

SOURCE, BUILD = map(pathlib.Path, sys.argv[1:3])
DAEMON = SOURCE / "daemon"
MACHINES = [("powerpc", "powerpc-linux-gnu-gcc", "qemu-ppc-static"),
            ("arm", "arm-linux-gnueabihf-gcc", "qemu-arm-static")]
NATIVE = ("native", "cc", None)
# What an image needs, and what the test asks with. The builder's files are whatever they are.
PARTS = ["intel/image.c", "intel/indicator.c", "intel/match.c", "intel/observation.c", "intel/pool.c",
         "intel/normalise.c", "intel/digest.c", "os/bus.c", "base/addr.c", "base/hash.c", "base/text.c"]
FLAGS = ["-std=gnu11", "-O2", "-Wall", "-Wextra", "-Wno-unused-parameter", "-Wno-missing-field-initializers",
         "-fno-strict-aliasing", "-D_GNU_SOURCE", "-D_FILE_OFFSET_BITS=64", "-static"]


def compile_for(folder, name, compiler):
    """The program, or why there is none."""
    if not shutil.which(compiler):
        return None, f"no {compiler}"
    (folder / "config.h").write_text("#define HAVE_LIBIDN2 0\n")
    builder = sorted(p for p in (DAEMON / "intel").glob("build*.c") if not p.name.endswith("_test.c"))
    program = folder / name
    got = subprocess.run([compiler, *FLAGS, "-I", folder, "-I", DAEMON, "-I", SOURCE, SOURCE / "tests/e2e/foreign.c",
                          *(DAEMON / p for p in PARTS), *builder, "-o", program], capture_output=True, text=True,
                         check=False)
    return (program, "") if got.returncode == 0 else (None, got.stderr)


class Machine:
    """Runs the program as that machine would."""

    def __init__(self, folder, name, compiler, emulator):
        self.name, self.emulator = name, emulator
        self.program, self.why = compile_for(folder, name, compiler)
        if self.program and emulator and not shutil.which(emulator):
            self.program, self.why = None, f"no {emulator}"

    def run(self, *words, text=""):
        return subprocess.run([*([self.emulator] if self.emulator else []), self.program, *words], input=text, text=True,
                              capture_output=True, check=False, timeout=120)


def entries():
    """Lines of what an image is built from: every kind, every length of a prefix."""
    chance = random.Random(5)
    for n in range(20_000):
        name = f"{'www.' * (n % 3)}n{chance.getrandbits(40):x}.{chance.choice(['com', 'net', 'co.example'])}"
        yield f"{chance.choice(['domain'] * 8 + ['name', 'exception'])} {name} C{n % 97} S{n % 13}"
    for bits in range(8, 33):
        for _ in range(20):
            net = ipaddress.ip_network((chance.getrandbits(32), bits), strict=False)
            yield f"{'address' if bits == 32 else 'prefix'} {net.network_address if bits == 32 else net} C{bits} S"
    for bits in range(19, 129):
        for _ in range(5):
            net = ipaddress.ip_network((0x2001 << 112 | chance.getrandbits(108), bits), strict=False)
            yield f"{'address' if bits == 128 else 'prefix'} {net.network_address if bits == 128 else net} C{bits} T"
            yield f"range {net} host/{bits} -"
    for n in range(300):
        yield f"certificate cert:{chance.getrandbits(160):040x} Cert S"
        yield f"ja3 ja3:{chance.getrandbits(128):032x} Ja3 S"
        yield f"range 11.{n % 256}.0.0/{16 + n % 16} cloud/{n} -"
        yield f"sinkhole 12.{n % 256}.{n}.0/24 Who{n % 7} -" if n < 256 else "sinkhole 2001:db8:1::/48 Who -"
        yield f"resolver dns{n}.example - -"
        yield f"resolver 13.0.{n % 256}.{n % 200} - -"


def questions(lines):
    """What is listed, what lies below or beside it, and what is not."""
    chance = random.Random(6)
    for line in lines:
        value = line.split()[1]
        yield value
        if value[0] == "n" or value.startswith("www"):
            yield "below." + value
            yield "x" + value
            yield value.upper()
        elif "/" in value:
            net = ipaddress.ip_network(value)
            yield str(net[chance.randrange(min(net.num_addresses, 1 << 60))])
            yield str(net.broadcast_address + 1)
    for _ in range(2000):
        yield str(ipaddress.ip_address(chance.getrandbits(32)))
        yield str(ipaddress.ip_address(chance.getrandbits(128)))
    yield from ("0.0.0.0", "127.0.0.1", "::", "::1", "::ffff:192.0.2.1", "www.example.org", "example")


def check_machine(tap, folder, machine, here, image, asked):
    if not machine.program:
        tap.skip(f"{machine.name}: the image is the same", machine.why)
        return
    lines = "".join(f"{line}\n" for line in entries())
    theirs = folder / f"{machine.name}.img"
    got = machine.run("build", theirs, text=lines)
    tap.ok(got.returncode == 0 and theirs.read_bytes() == image.read_bytes(),
           f"{machine.name}: an image that is built there has the same bytes", got.stderr[-500:])
    mine, other = here.run("read", image, text=asked), machine.run("read", image, text=asked)
    same = mine.stdout == other.stdout
    wrong = [f"{a}\n{b}" for a, b in zip(mine.stdout.splitlines(), other.stdout.splitlines()) if a != b]
    tap.ok(same and other.returncode == 0 and mine.stdout.count("\n") > 60_000,
           f"{machine.name}: every record and look-up is the same", "\n".join(wrong[:5]) + other.stderr[-500:])
    rules = folder / "rules.img"
    mine, other = here.run("read", rules), machine.run("read", rules)
    tap.ok(other.returncode == 0 and mine.stdout == other.stdout and mine.stdout.count("\n") > 1000,
           f"{machine.name}: the shipped rules, compiled here, are the same there", other.stdout[:300])
    bad = folder / "bad.img"
    data = image.read_bytes()
    for what, word, broken in (("a flipped bit", "checksum", data[:9000] + bytes([data[9000] ^ 1]) + data[9001:]),
                               ("a cut", "cut off", data[:-1]), ("an empty file", "not a compiled", b""),
                               ("another version", "another version", data[:8] + b"\x63" + data[9:])):
        bad.write_bytes(broken)
        got = machine.run("read", bad)
        tap.ok(got.returncode == 1 and word in got.stdout, f"{machine.name}: {what} is refused", got.stdout[:300])


def main():
    if platform.system() != "Linux":
        skip_all("only Linux has user emulation")
    tap = Tap()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        here = Machine(folder, *NATIVE)
        if not here.program:
            skip_all(f"the program cannot be built: {here.why}")
        image, lines = folder / "image", list(entries())
        got = here.run("build", image, text="".join(f"{line}\n" for line in lines))
        tap.same((got.returncode, got.stderr), (0, ""), "an image is built here")
        asked = "".join(f"{q}\n" for q in questions(lines))
        found = here.run("read", image, text=asked).stdout
        wanted = [" exact ", " below ", " prefix ", " exception ", " none\n", "resolver 1", "answer 2 Who", "answer 3 Who",
                  "hosting cloud/", "hosting host/", " ja3 ", " certificate "]
        tap.same([w for w in wanted if w not in found], [], "the questions find all that can be found")
        subprocess.run([BUILD / "daemon" / "bridlectl", "compile", "-o", folder / "rules.img", SOURCE / "rules"],
                       check=True, capture_output=True)
        for machine in MACHINES:
            check_machine(tap, folder, Machine(folder, *machine), here, image, asked)
    return tap.done()


sys.exit(main())
