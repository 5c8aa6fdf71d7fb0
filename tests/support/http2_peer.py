"""An HTTP/2 client that says exactly what a test wants, in the clear, and may misbehave."""

import socket

import h2.config
import h2.connection
import h2.events
import h2.settings

FIELDS = [(":method", "GET"), (":scheme", "http"), (":authority", "x.test"), (":path", "/a?b=1")]


class Peer:
    """A client that says exactly what a test wants, over HTTP/2 in the clear."""

    def __init__(self, url, **settings):
        host, _, port = url.removeprefix("http://").rpartition(":")
        self.socket = socket.create_connection((host, int(port)), timeout=10)
        self.conn = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8"))
        if settings:
            codes = {h2.settings.SettingCodes[name]: value for name, value in settings.items()}
            self.conn.local_settings = h2.settings.Settings(client=True, initial_values=codes)
        self.conn.initiate_connection()
        self.events = []
        self.credit = True

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def ask(self, number, *more, fields=FIELDS, end=True):
        self.conn.send_headers(number, [*fields, *more], end_stream=end)

    def flush(self):
        self.socket.sendall(self.conn.data_to_send())

    def until(self, kind, number=None):
        """Read up to the first event of a kind, of a stream where it is given."""
        while True:
            for event in self.events:
                if isinstance(event, kind) and (number is None or event.stream_id == number):
                    self.events.remove(event)
                    return event
            self.read()

    def read(self):
        self.flush()
        data = self.socket.recv(65_536)
        if not data:
            raise ConnectionResetError
        for event in self.conn.receive_data(data):
            self.events.append(event)
            if isinstance(event, h2.events.DataReceived) and self.credit:
                self.conn.acknowledge_received_data(event.flow_controlled_length, event.stream_id)

    def status(self, number):
        return dict(self.until(h2.events.ResponseReceived, number).headers)[":status"]
