# SPDX-License-Identifier: BSD-2-Clause
"""A web server on the loopback interface that misbehaves as it is told, with a certificate authority of its own."""
import http.server
import pathlib
import socket
import ssl
import subprocess
import threading
import time


def certificate(folder, name, authority=None):
    """name.pem and name.key; signed by `authority` (a name, too) or by itself."""
    key, pem, csr = (folder / f'{name}.{end}' for end in ('key', 'pem', 'csr'))
    subject = ['-subj', f'/CN={name}', '-addext', f'subjectAltName=DNS:{name}']
    new = ['openssl', 'req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', key]
    if authority is None:
        command = [*new, '-x509', '-days', '2', '-out', pem, *subject]
        subprocess.run([str(c) for c in command], check=True, capture_output=True)
        return
    subprocess.run([str(c) for c in [*new, '-out', csr, *subject]], check=True, capture_output=True)
    subprocess.run([str(c) for c in ['openssl', 'x509', '-req', '-in', csr, '-CA', folder / f'{authority}.pem', '-CAkey',
                                     folder / f'{authority}.key', '-CAcreateserial', '-days', '2', '-copy_extensions', 'copy',
                                     '-out', pem]], check=True, capture_output=True)


class Answers(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def do_GET(self):
        web = self.server.web
        web.requests.append((self.path, dict(self.headers)))
        answer = web.pages.get(self.path)
        if answer is None:
            answer = web.status(404)
        try:
            answer(self)
        except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
            pass
        self.close_connection = True

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def handle_error(self, request, client_address):
        pass


class Web:
    """with Web(folder) as web: web.pages['/list'] = web.page(b'...')"""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.pages, self.requests, self.servers = {}, [], []
        certificate(self.folder, 'authority')
        certificate(self.folder, 'localhost', 'authority')
        certificate(self.folder, 'elsewhere.example', 'authority')
        self.authority = self.folder / 'authority.pem'

    def serve(self, name=None):
        """The port of another server, with the certificate of that name; without: no TLS."""
        server = Server(('127.0.0.1', 0), Answers)
        server.web = self
        if name:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self.folder / f'{name}.pem', self.folder / f'{name}.key')
            server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.servers.append(server)
        return server.server_address[1]

    def __enter__(self):
        self.https = f'https://localhost:{self.serve("localhost")}'
        self.http = f'http://localhost:{self.serve()}'
        self.misnamed = f'https://localhost:{self.serve("elsewhere.example")}'
        certificate(self.folder, 'localhost')  # from here on its own
        self.selfsigned = f'https://localhost:{self.serve("localhost")}'
        return self

    def __exit__(self, *_):
        for server in self.servers:
            server.shutdown()
            server.server_close()

    # --- what a page may do ---

    @staticmethod
    def page(body, **headers):
        """200, or 304 to whoever has it already."""
        def answer(request):
            etag = headers.get('ETag')
            if etag and request.headers.get('If-None-Match') == etag:
                request.send_response(304)
                request.send_header('ETag', etag)
                request.end_headers()
                return
            request.send_response(200)
            for key, value in headers.items():
                request.send_header(key.replace('_', '-'), value)
            request.send_header('Content-Length', str(len(body)))
            request.end_headers()
            request.wfile.write(body)
        return answer

    @staticmethod
    def status(code, body=b'nothing here', **headers):
        def answer(request):
            request.send_response(code)
            for key, value in headers.items():
                request.send_header(key, value)
            request.send_header('Content-Length', str(len(body)))
            request.end_headers()
            request.wfile.write(body)
        return answer

    @staticmethod
    def truncated(body):
        def answer(request):
            request.send_response(200)
            request.send_header('Content-Length', str(len(body)))
            request.end_headers()
            request.wfile.write(body[:len(body) // 2])
        return answer

    @staticmethod
    def endless(line, told=None, delay=0.0):
        """Lines without end, as fast as they are taken or one each `delay` s; `told`: a length that is a lie."""
        def answer(request):
            request.send_response(200)
            if told:
                request.send_header('Content-Length', str(told))
            request.end_headers()
            part = line if delay else line * 1000
            for _ in range(100000):
                request.wfile.write(part)
                request.wfile.flush()
                time.sleep(delay)
        return answer

    @staticmethod
    def hangs_up(request):
        request.connection.shutdown(socket.SHUT_RDWR)
