#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Writes the seed corpora of fuzz_starttls and fuzz_socks beside this file: each side of the golden dialogues."""
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / 'golden'))
import cases_preamble as preamble  # noqa: E402

HELLO = b'\x16\3\1\0\5\1\0\0\1\0'


def sides(dialogues, behind):
    for title, said in dialogues.items():
        for side, who in ((preamble.C, 'client'), (preamble.S, 'server')):
            told = b''.join(data for of, data in said if of == side)
            if told:
                yield f"{title.replace(' ', '_')}_{who}", told + behind


starttls = {title: said for title, (_, said) in preamble.DIALOGUES.items()}
for folder, dialogues in (('starttls', starttls), ('socks', {**preamble.SOCKS, **preamble.PROXY})):
    (HERE / 'corpus' / folder).mkdir(parents=True, exist_ok=True)
    for name, content in sides(dialogues, HELLO):
        (HERE / 'corpus' / folder / name).write_bytes(content)
