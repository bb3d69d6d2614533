#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""make.py: writes the captures and rules of the golden cases. Afterwards run golden_test.py --update, and look
at each event that changed: is it what should be told?"""
import pathlib

import captures
import cases
import cases_address  # noqa: F401
import cases_cert  # noqa: F401
import cases_dns  # noqa: F401
import cases_hello  # noqa: F401
import cases_http  # noqa: F401
import cases_preamble  # noqa: F401
import cases_quic  # noqa: F401
import cases_tls  # noqa: F401
import cases_tunnel  # noqa: F401

FOLDER = pathlib.Path(__file__).resolve().parent / 'cases'


def main():
    for case in cases.made.values():
        folder = FOLDER / case.name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / 'input.pcap').write_bytes(captures.pcap(case.frames()))
        (folder / 'rules.ioc').write_text(case.rules, encoding='utf-8')


if __name__ == '__main__':
    main()
