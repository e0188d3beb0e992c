"""An HTTP server on loopback that misbehaves as it is told, for the tests of downloads."""

import contextlib
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Answer:
    """How one request is answered: by default as a good server does, ranges and all."""

    def __init__(
        self,
        body=b"",
        status=200,
        ranges=True,
        tag='"one"',
        length=None,
        cut=None,
        stall=None,
        pause=0.0,
        location=None,
        content_type="application/octet-stream",
        first_byte=None,
    ):
        self.body = body
        self.status = status
        self.ranges = ranges
        self.tag = tag
        # What Content-Length says; "none" for no such line.
        self.length = length
        # Bytes after which the connection is closed.
        self.cut = cut
        # Bytes after which nothing comes any more.
        self.stall = stall
        # Seconds between two pieces of 16 KiB.
        self.pause = pause
        self.location = location
        self.content_type = content_type
        # Where a part is said to start, whatever was asked for.
        self.first_byte = first_byte


class BadServer:
    """Answers the requests for each path by its list of answers, the last one for ever."""

    def __init__(self, answers):
        self.answers = {path: list(value) if isinstance(value, list) else [value] for path, value in answers.items()}
        self.requests = []
        self.closing = threading.Event()
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                server.answer(self)

            def log_message(self, *arguments):
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request, address):
                # A client that goes away is what some tests are about.
                pass

        self.server = Server(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.closing.set()
        self.server.shutdown()
        self.server.server_close()

    def url(self, path):
        return self.address + path

    def ranges(self, path):
        """The Range lines of the requests for a path, in order; None for one without."""
        return [headers.get("Range") for asked, headers in self.requests if asked == path]

    def answer(self, handler):
        self.requests.append((handler.path, dict(handler.headers)))
        queue = self.answers.get(handler.path, [Answer(status=404)])
        answer = queue.pop(0) if len(queue) > 1 else queue[0]
        with contextlib.suppress(OSError):
            self.send(handler, answer)
        if answer.cut is not None or answer.stall is not None or answer.length is not None:
            handler.close_connection = True

    def send(self, handler, answer):
        start = 0
        asked = handler.headers.get("Range")
        is_same = handler.headers.get("If-Range") in (None, answer.tag)
        status = answer.status
        if asked and answer.ranges and is_same and status == 200:
            start = int(asked.removeprefix("bytes=").removesuffix("-"))
            status = 206 if start < len(answer.body) else 416
        body = answer.body[start:] if status != 416 else b""
        handler.send_response(status)
        if answer.location:
            handler.send_header("Location", answer.location)
        if answer.tag:
            handler.send_header("ETag", answer.tag)
        if status == 206:
            first = start if answer.first_byte is None else answer.first_byte
            handler.send_header("Content-Range", f"bytes {first}-{len(answer.body) - 1}/{len(answer.body)}")
        if status == 416:
            handler.send_header("Content-Range", f"bytes */{len(answer.body)}")
        handler.send_header("Content-Type", answer.content_type)
        if answer.length != "none":
            handler.send_header("Content-Length", str(len(body) if answer.length is None else answer.length))
        handler.end_headers()
        self.send_body(handler, answer, body)

    def send_body(self, handler, answer, body):
        limits = [limit for limit in (answer.cut, answer.stall) if limit is not None]
        body = body[: min(limits)] if limits else body
        for place in range(0, len(body), 16384):
            handler.wfile.write(body[place : place + 16384])
            handler.wfile.flush()
            if answer.pause and self.closing.wait(answer.pause):
                return
        if answer.stall is not None:
            self.closing.wait(60)


def wait_until(is_true, what, timeout=20):
    deadline = time.monotonic() + timeout
    while not is_true():
        assert time.monotonic() < deadline, f"waited {timeout} s for {what}"
        time.sleep(0.01)
