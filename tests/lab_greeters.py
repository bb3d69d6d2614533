# SPDX-License-Identifier: BSD-2-Clause
"""Servers that speak just enough of a protocol to come to TLS, and a proxy, for the lab. Arguments: ADDRESS
CERTIFICATE KEY. Whatever the proxy is asked for, it connects to TARGET at ADDRESS: no name is looked up."""
import re
import socket
import ssl
import struct
import sys
import threading

STREAM = b"<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' " \
    b"id='1' from='lab' version='1.0'><stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'>" \
    b"<required/></starttls></stream:features>"
PROCEED = b"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
# MySQL, "Protocol::HandshakeV10": version 10, its name, thread, salt, capabilities with TLS, what logs in.
MYSQL = b'\x0a8.0.36-lab\0' + struct.pack('<I', 7) + b'saltsalt\0' + b'\xff\xff\xff\x02\0\xff\xc1\x15' + bytes(10) + \
    b'saltsaltsalt\0' + b'caching_sha2_password\0'
SMTP = [(rb'(EH|LH)LO.*\r\n', b'250-lab\r\n250-SIZE 1000\r\n250 STARTTLS\r\n'), (rb'STARTTLS\r\n', b'220 go\r\n')]

# name: port, greeting, then what is waited for and its answer. Behind the last comes TLS.
GREETERS = {
    'smtp': (25, b'220-lab\r\n220 ready\r\n', SMTP),
    'lmtp': (24, b'220 lab\r\n', SMTP),
    'imap': (143, b'* OK [CAPABILITY IMAP4rev1 STARTTLS] lab\r\n',
             [(rb'CAPABILITY\r\n', b'* CAPABILITY IMAP4rev1 STARTTLS\r\n. OK done\r\n'), (rb'STARTTLS\r\n', b'. OK go\r\n')]),
    'pop3': (110, b'+OK lab\r\n', [(rb'STLS\r\n', b'+OK go\r\n')]),
    'ftp': (21, b'220-lab\r\n220 ready\r\n', [(rb'AUTH TLS\r\n', b'234 go\r\n')]),
    'nntp': (119, b'200 lab\r\n', [(rb'CAPABILITIES\r\n', b'101 list\r\nVERSION 2\r\nREADER\r\nSTARTTLS\r\n.\r\n'),
                                   (rb'STARTTLS\r\n', b'382 go\r\n')]),
    'sieve': (4190, b'"IMPLEMENTATION" "lab"\r\n"SASL" ""\r\n"STARTTLS"\r\nOK\r\n', [(rb'STARTTLS\r\n', b'OK\r\n')]),
    'irc': (6667, b'', [(rb'STARTTLS\r\n', b':lab.example 670 you :STARTTLS successful\r\n')]),
    'xmpp': (5222, b'', [(rb'<stream:stream[^>]*>', STREAM), (rb'<starttls[^>]*>', PROCEED)]),
    'xmpp-server': (5269, b'', [(rb'<stream:stream[^>]*>', STREAM), (rb'<starttls[^>]*>', PROCEED)]),
    'ldap': (389, b'', [(rb'1\.3\.6\.1\.4\.1\.1466\.20037', bytes.fromhex('300c02010178070a010004000400'))]),
    'postgres': (5432, b'', [(rb'(?s).{8}', b'S')]),
    'mysql': (3306, struct.pack('<I', len(MYSQL)) + MYSQL, [(rb'(?s).{36}', b'')]),
    'haproxy': (8080, b'', [(rb'PROXY TCP[46] .*\r\n', b'')]),
}
PROXY, TARGET = 3128, 8443


def take(connection, pattern):
    """An octet at a time: what follows belongs to TLS."""
    said = b''
    while not re.search(pattern, said):
        octet = connection.recv(1)
        if not octet:
            raise ConnectionError(said)
        said += octet
    return said


def greet(connection, context, greeting, talk):
    connection.sendall(greeting)
    for pattern, answer in talk:
        take(connection, pattern)
        connection.sendall(answer)
    encrypt(connection, context)


def encrypt(connection, context):
    with context.wrap_socket(connection, server_side=True) as tls:
        if tls.recv(4096):
            tls.sendall(b'HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nlab')


def answer_of_proxy(connection):
    """HTTP CONNECT (RFC 9110, 9.3.6), SOCKS 4a or 5 (RFC 1928), told by the first octet."""
    first = take(connection, rb'(?s).')
    if first == b'\4':
        take(connection, rb'(?s)^.{7}[^\0]*\0[^\0]*\0')  # command, port, address, user, name
        return b'\0\x5a' + bytes(6)
    if first == b'\5':
        methods = take(connection, rb'(?s).')[0]
        take(connection, rb'(?s).{%d}' % methods)
        connection.sendall(b'\5\0')
        name = take(connection, rb'(?s)^\x05\x01\0\x03.')[-1]
        take(connection, rb'(?s).{%d}' % (name + 2))
        return b'\5\0\0\1' + bytes(6)
    take(connection, rb'\r\n\r\n')
    return b'HTTP/1.1 200 Connection established\r\n\r\n'


def copy(source, sink):
    while data := source.recv(65536):
        sink.sendall(data)
    sink.shutdown(socket.SHUT_WR)


def proxy(connection, address):
    answer = answer_of_proxy(connection)
    with socket.create_connection((address, TARGET)) as server:
        connection.sendall(answer)
        back = threading.Thread(target=copy, args=(server, connection), daemon=True)
        back.start()
        copy(connection, server)
        back.join()


def serve(address, port, speak, *arguments):
    """Each connection in a thread of its own."""
    listener = socket.create_server((address, port))

    def handle(connection):
        try:
            with connection:
                connection.settimeout(30)
                speak(connection, *arguments)
        except OSError:
            pass  # clients of a test end as they like

    def accept():
        while True:
            threading.Thread(target=handle, args=(listener.accept()[0],), daemon=True).start()
    threading.Thread(target=accept, daemon=True).start()


def main():
    address, certificate, key = sys.argv[1:]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    for port, greeting, talk in GREETERS.values():
        serve(address, port, greet, context, greeting, talk)
    serve(address, TARGET, encrypt, context)
    serve(address, PROXY, proxy, address)
    print('ready', flush=True)
    threading.Event().wait()


if __name__ == '__main__':
    main()
