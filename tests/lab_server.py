#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""A web server for the lab: one small page for every path, over TLS when given a certificate and key, on all
IPv4 and IPv6 addresses. Arguments: PORT [CERTIFICATE KEY]. With a path /bytes/N the answer has N bytes."""
import http.server
import socket
import ssl
import sys


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def do_GET(self):
        parts = self.path.split('/')
        body = b'<!doctype html><title>lab</title><p>hello\n'
        if len(parts) == 3 and parts[1] == 'bytes' and parts[2].isdigit():
            body = b'x' * min(int(parts[2]), 1 << 28)
        self.send_response(200 if self.path != '/favicon.ico' else 404)
        self.send_header('Content-Type', 'text/html')
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6
    context = None

    def server_bind(self):
        self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        super().server_bind()

    def finish_request(self, request, client_address):
        if self.context:
            request.settimeout(20)
            request = self.context.wrap_socket(request, server_side=True)
        super().finish_request(request, client_address)

    def handle_error(self, request, client_address):
        pass


def main():
    if len(sys.argv) == 4:
        Server.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        Server.context.load_cert_chain(sys.argv[2], sys.argv[3])
    Server(('::', int(sys.argv[1])), Handler).serve_forever()


main()
