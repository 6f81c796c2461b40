"""Serves a folder on 127.0.0.1 and prints the JSON lines that its page posts to /log, each with the card's name, until the
page says that it is done.

usage: serve.py FOLDER PORT SECONDS CARD
"""

import functools
import json
import sys
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

folder, port, seconds, card = sys.argv[1:]
done = threading.Event()


class Handler(SimpleHTTPRequestHandler):
    extensions_map = {**SimpleHTTPRequestHandler.extensions_map, ".js": "text/javascript", ".wasm": "application/wasm"}

    def log_message(self, *_):
        pass

    def do_POST(self):
        line = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if line.get("done"):
            done.set()
        else:
            print(json.dumps({"card": card, **line}), flush=True)
        self.send_response(204)
        self.end_headers()


server = ThreadingHTTPServer(("127.0.0.1", int(port)), functools.partial(Handler, directory=folder))
threading.Thread(target=server.serve_forever, daemon=True).start()
if not done.wait(float(seconds)):
    print("the browser did not finish: see chromium.log", file=sys.stderr)
    sys.exit(1)
