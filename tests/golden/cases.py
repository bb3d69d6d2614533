# SPDX-License-Identifier: BSD-2-Clause
"""The list of golden cases that are made here, and whom they speak of.

Clients live in 192.168.1.0/24 and fd00:1::/32, which variants of a case rename; everything else is at
addresses for documentation (RFC 5737, RFC 3849) except where a case is about a particular address.
"""
from packets import Line

A, B = ('192.168.1.10', 4000), ('192.168.1.11', 4000)
DNS_SERVER, DNS_SERVER6 = ('192.168.1.1', 53), ('fd00:1::1', 53)
WEB = ('203.0.113.80', 443)
LISTED = '# bridle-ioc 1\n@campaign Test\nlisted.example\n'

made = {}


class Case:
    def __init__(self, name, rules, same_split, link, tell):
        self.name = name
        self.rules = rules
        self.same_split = same_split
        self.link = link
        self.about = ' '.join(tell.__doc__.split())
        self._tell = tell

    def frames(self):
        line = Line()
        self._tell(line)
        return line.frames


def case(name, rules, same_split=True, link=False):
    """A function that puts packets on a line. `same_split`: not where how TCP is split is what it is about. `link`:
    it is about links, so the packets cannot be put on others."""
    def add(tell):
        made[name] = Case(name, rules, same_split, link, tell)
        return tell
    return add
