# SPDX-License-Identifier: BSD-2-Clause
"""What is measured, and what it is to reach: a row for each mix of traffic."""
from dataclasses import dataclass, field

# Kinds of bench-floor.
FLOORS = {'read': 'read() of 1 MiB into one buffer, 64 bytes of each packet touched',
          'walk': 'the same, headers parsed and classified',
          'pcap': 'libpcap with an empty callback',
          'crypto': "key derivation and decryption by OpenSSL alone of clients' QUIC Initial packets that open",
          'tries': 'the same of all Initial packets of clients, also of those that do not open'}


@dataclass(frozen=True)
class Target:
    floor: str
    at_most: float  # times the floor
    stretch: float = None


@dataclass(frozen=True)
class Mix:
    name: str
    packets: int  # so many that a run takes some hundred ms, and its start does not matter
    targets: list = field(default_factory=list)
    floors: tuple = ('read', 'walk', 'pcap')
    flood: bool = False


MIXES = [
    Mix('isp', 3_000_000, [Target('pcap', 0.6), Target('walk', 1.5)]),
    Mix('dns', 4_000_000, [Target('pcap', 2.0, 1.6)]),
    Mix('tls', 3_000_000, [Target('pcap', 0.8)]),
    Mix('quic', 1_000_000, [Target('crypto', 2.0)], ('read', 'walk', 'pcap', 'crypto')),
    Mix('syn', 8_000_000, [Target('pcap', 1.2)]),
    Mix('bulk', 1_500_000, [Target('pcap', 0.42)]),
    Mix('isp-big', 5_000_000, [Target('pcap', 0.65)]),
    Mix('dnsflood', 4_000_000, flood=True),
    Mix('dcidflood', 500_000, floors=('read', 'walk', 'pcap', 'tries'), flood=True),
    Mix('fragflood', 4_000_000, flood=True),
]
SHORT = 10  # so many times fewer packets in a short run
RULES = 5_000  # indicators while the mixes are measured


@dataclass(frozen=True)
class Scale:
    """The cost of a mix with many indicators, as ratio to that with RULES names."""
    mix: str
    names: int
    ranges: int = 0
    at_most: float = None


SCALE = [Scale('isp', n) for n in (50_000, 500_000, 5_000_000)] + [
    Scale('isp', 10_000_000, at_most=1.05),
    *(Scale('dns', n) for n in (50_000, 500_000, 5_000_000)),
    Scale('dns', 10_000_000, at_most=1.5),
    Scale('isp', RULES, 1_000_000, at_most=1.1)]
SCALE_SHORT = [Scale('isp', 50_000), Scale('dns', 50_000), Scale('isp', RULES, 50_000)]

# Of the largest list of names.
BYTES_A_NAME = 32
PEAK_OF_IMAGE = 1.1  # memory while loading, times the image
LOAD_SECONDS = 5.0
IMAGE_START_SECONDS = 0.05
