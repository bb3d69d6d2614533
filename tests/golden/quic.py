# SPDX-License-Identifier: BSD-2-Clause
"""QUIC packets of clients (RFC 9000 17.2), protected as RFC 9001 5 and RFC 9369 say: AES-128-GCM without a library,
slow and the same bytes on every machine."""
import hashlib
import hmac
import struct

V1, V2, DRAFT_29, Q050 = 1, 0x6b3343cf, 0xff00001d, 0x51303530
INITIAL, ZERO_RTT, HANDSHAKE, RETRY = range(4)
SALTS = {V1: '38762cf7f55934b34d179ae6a4c80cadccbb7f0a', V2: '0dede3def700a6db819381be6e269dcbf9bd2ed9',
         DRAFT_29: 'afbfec289993d24c9e9786f19c6111e04390a899', Q050: '504574efd066fe2f9d945cfcdbd3a7f0d3b56b45'}


# AES-128 (FIPS 197)

def _sbox():
    box, p, q = [0] * 256, 1, 1
    while True:
        p ^= (p << 1 ^ (0x1b if p & 0x80 else 0)) & 0xff
        for shift in (1, 2, 4):
            q ^= q << shift & 0xff
        q ^= 0x09 if q & 0x80 else 0
        x = q
        for shift in (1, 2, 3, 4):
            x ^= (q << shift | q >> 8 - shift) & 0xff
        box[p] = x ^ 0x63
        if p == 1:
            break
    box[0] = 0x63
    return box


SBOX = _sbox()
TWICE = [(x << 1 ^ (0x11b if x & 0x80 else 0)) for x in range(256)]
SHIFTED = [0, 5, 10, 15, 4, 9, 14, 3, 8, 13, 2, 7, 12, 1, 6, 11]


class Aes:
    def __init__(self, key):
        words, rcon = [list(key[i:i + 4]) for i in range(0, 16, 4)], 1
        while len(words) < 44:
            word = words[-1]
            if len(words) % 4 == 0:
                word = [SBOX[b] for b in word[1:] + word[:1]]
                word[0] ^= rcon
                rcon = TWICE[rcon]
            words.append([a ^ b for a, b in zip(word, words[-4])])
        self.keys = [sum(words[i:i + 4], []) for i in range(0, 44, 4)]

    def block(self, data):
        state = [a ^ b for a, b in zip(data, self.keys[0])]
        for number, key in enumerate(self.keys[1:], 1):
            state = [SBOX[state[i]] for i in SHIFTED]
            if number < 10:
                mixed = []
                for i in range(0, 16, 4):
                    column = state[i:i + 4]
                    every = column[0] ^ column[1] ^ column[2] ^ column[3]
                    mixed += [column[j] ^ every ^ TWICE[column[j] ^ column[(j + 1) % 4]] for j in range(4)]
                state = mixed
            state = [a ^ b for a, b in zip(state, key)]
        return bytes(state)


# GCM (NIST SP 800-38D)

def _product(x, y):
    z = 0
    for i in range(127, -1, -1):
        if x >> i & 1:
            z ^= y
        y = y >> 1 ^ (0xe1 << 120 if y & 1 else 0)
    return z


def _blocks(data):
    return [data[i:i + 16].ljust(16, b'\0') for i in range(0, len(data), 16)]


def seal(key, nonce, plain, aad):
    """The ciphertext with its tag."""
    aes = Aes(key)
    stream = b''.join(aes.block(nonce + struct.pack('>I', i)) for i in range(2, 2 + len(_blocks(plain))))
    out = bytes(a ^ b for a, b in zip(plain, stream))
    h, tag = int.from_bytes(aes.block(bytes(16)), 'big'), 0
    for block in _blocks(aad) + _blocks(out) + [struct.pack('>QQ', 8 * len(aad), 8 * len(out))]:
        tag = _product(tag ^ int.from_bytes(block, 'big'), h)
    return out + (tag ^ int.from_bytes(aes.block(nonce + b'\0\0\0\1'), 'big')).to_bytes(16, 'big')


# Keys (RFC 9001 5.2)

def _expand(secret, label, length):
    label = b'tls13 ' + label
    info = struct.pack('>HB', length, len(label)) + label + b'\0\1'
    return hmac.new(secret, info, hashlib.sha256).digest()[:length]


def client_keys(version, cid):
    """(key, iv, hp)"""
    prefix = b'quicv2 ' if version == V2 else b'quic '
    initial = hmac.new(bytes.fromhex(SALTS.get(version, SALTS[V1])), cid, hashlib.sha256).digest()
    secret = _expand(initial, b'client in', 32)
    return _expand(secret, prefix + b'key', 16), _expand(secret, prefix + b'iv', 12), _expand(secret, prefix + b'hp', 16)


def varint(value, size=None):
    size = size or (1 if value < 64 else 2 if value < 16384 else 4 if value < 1 << 30 else 8)
    return (value | {1: 0, 2: 1, 4: 2, 8: 3}[size] << 8 * size - 2).to_bytes(size, 'big')


# Frames (RFC 9000 19)

PING = b'\1'
ACK = b'\2' + varint(70000) + varint(17) + varint(1) + varint(3) + varint(0) + varint(2)


def crypto(offset, data, kind=6):
    return bytes([kind]) + varint(offset) + varint(len(data)) + data


# Packets (RFC 9000 17.2)

def _header(version, kind, low, dcid, scid):
    code = kind + 1 & 3 if version == V2 else kind
    return bytes([0xc0 | code << 4 | low]) + struct.pack('>I', version) + bytes([len(dcid)]) + dcid + \
        bytes([len(scid)]) + scid


def initial(frames, dcid, version=V1, scid=b'', token=b'', number=0, cid=None, size=1200):
    """A client's Initial packet, padded so that it has this size; `cid`: from which the keys derive."""
    key, iv, hp = client_keys(version, dcid if cid is None else cid)
    head = _header(version, INITIAL, 1, dcid, scid) + varint(len(token)) + token
    frames += bytes(max(size - len(head) - 2 - 2 - 16 - len(frames), 0))
    head += varint(2 + len(frames) + 16, 2) + struct.pack('>H', number)
    nonce = (int.from_bytes(iv, 'big') ^ number).to_bytes(12, 'big')
    body = seal(key, nonce, frames, head)
    mask = Aes(hp).block(body[2:18])
    packet = bytearray(head + body)
    packet[0] ^= mask[0] & 0x0f
    packet[len(head) - 2] ^= mask[1]
    packet[len(head) - 1] ^= mask[2]
    return bytes(packet)


def other(kind, dcid, version=V1, scid=b'', size=100):
    """A 0-RTT or Handshake packet, or a server's Initial: nobody here reads them."""
    content = hashlib.sha256(dcid + scid + bytes([kind])).digest() * (size // 32 + 1)
    return _header(version, kind, 1, dcid, scid) + (b'\0' if kind == INITIAL else b'') + varint(size, 2) + content[:size]


def retry(dcid, scid, token, version=V1):
    return _header(version, RETRY, 15, dcid, scid) + token + bytes(16)


def negotiation(dcid, scid, versions):
    return _header(0, INITIAL, 5, dcid, scid) + b''.join(struct.pack('>I', v) for v in versions)


def handshake(records):
    """The message in TLS records."""
    out = b''
    while records:
        size = 5 + int.from_bytes(records[3:5], 'big')
        out, records = out + records[5:size], records[size:]
    return out
