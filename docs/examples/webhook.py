"""Takes the notices of `regulars watch --notify`, each once. Python's own library is enough.

    REGULARS_WEBHOOK_SECRET=… python3 webhook.py [--bind 127.0.0.1:8020] [--seen seen.sqlite]

A notice counts only if its signature is right, its time is near and its id was never seen. "Acting" here is
a row in the table `notices` of the same database, written together with the id: whatever stops the program,
a notice is there once or not yet. Work of your own reads that table, or takes the row's place in `act`.
"""

import argparse
import hashlib
import hmac
import json
import os
import re
import sqlite3
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# Seconds that the sender's clock and ours may be apart.
NEAR = 300
# Bytes of a notice: counts, alerts and names of columns.
LARGEST = 1 << 20


class Refused(Exception):
    """What the sender is told: a status and why."""


def verify(key, headers, body):
    """The notice of a signed body."""
    timestamp = headers.get("regulars-timestamp") or ""
    if not re.fullmatch(r"[0-9]{1,12}", timestamp, re.ASCII):
        raise Refused(401, "no timestamp")
    wanted = "sha256=" + hmac.new(key, f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
    given = headers.get("regulars-signature") or ""
    if not hmac.compare_digest(wanted.encode(), given.encode("utf-8", "replace")):
        raise Refused(401, "the signature is not that of this body")
    if abs(time.time() - int(timestamp)) > NEAR:
        raise Refused(401, "too old, or from the future")
    try:
        notice = json.loads(body)
    except (ValueError, RecursionError):
        raise Refused(400, "not JSON")
    if not (isinstance(notice, dict) and isinstance(notice.get("id"), str) and notice["id"]):
        raise Refused(400, "no notice")
    # The header is not signed and the body is: whoever sends an old notice under a new id is found here.
    if notice["id"] != headers.get("regulars-id"):
        raise Refused(400, "the id is not that of the body")
    return notice


def act(database, notice):
    """Does what is to be done, in the transaction that remembers the id."""
    row = (notice["id"], time.time(), json.dumps(notice))
    database.execute("INSERT INTO notices (id, received, notice) VALUES (?, ?, ?)", row)


def once(path, notice):
    """Acts unless this id was seen; true if it acted."""
    database = sqlite3.connect(path, timeout=10, isolation_level=None)
    try:
        # From here to the commit no other request writes, so two at once cannot both be the first.
        database.execute("BEGIN IMMEDIATE")
        try:
            added = database.execute("INSERT OR IGNORE INTO seen (id) VALUES (?)", (notice["id"],))
            is_new = added.rowcount == 1
            if is_new:
                act(database, notice)
            database.execute("COMMIT")
        except BaseException:
            database.execute("ROLLBACK")
            raise
        return is_new
    finally:
        database.close()


class Hook(BaseHTTPRequestHandler):
    # A sender that stalls is let go.
    timeout = 10

    def answer(self, status, told):
        body = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def body(self):
        length = self.headers.get("Content-Length") or ""
        if not re.fullmatch(r"[0-9]{1,12}", length, re.ASCII):
            raise Refused(411, "no length")
        if int(length) > LARGEST:
            raise Refused(413, "too large")
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            raise Refused(400, "cut off")
        return body

    def do_POST(self):
        try:
            notice = verify(self.server.key, self.headers, self.body())
            is_new = once(self.server.seen, notice)
        except Refused as refused:
            status, why = refused.args
            return self.answer(status, {"error": why})
        except sqlite3.Error as error:
            # Nothing was done: the sender comes again.
            print(f"not kept: {error}", file=sys.stderr, flush=True)
            return self.answer(503, {"error": "cannot be kept now"})
        # A repeat is good news too: the sender stops.
        self.answer(200, {"acted": is_new})
        if is_new:
            print(f"{notice['id'][:8]} {notice.get('file')!a}", flush=True)

    def log_message(self, line, *args):
        print(f"{self.log_date_time_string()} {line % args}", file=sys.stderr, flush=True)


class Server(ThreadingHTTPServer):
    # Connections that may wait.
    request_queue_size = 64


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bind", default="127.0.0.1:8020", help="address and port; port 0 takes a free one")
    parser.add_argument("--seen", default="seen.sqlite", help="the database of ids and notices")
    asked = parser.parse_args()
    key = os.environ.get("REGULARS_WEBHOOK_SECRET", "").encode()
    if not key:
        sys.exit("REGULARS_WEBHOOK_SECRET is not set")
    database = sqlite3.connect(asked.seen)
    database.execute("CREATE TABLE IF NOT EXISTS seen (id TEXT PRIMARY KEY) WITHOUT ROWID")
    database.execute("CREATE TABLE IF NOT EXISTS notices (id TEXT PRIMARY KEY, received REAL, notice TEXT)")
    database.close()
    host, _, port = asked.bind.rpartition(":")
    server = Server((host, int(port)), Hook)
    server.key, server.seen = key, asked.seen
    print("listening at {}:{}".format(*server.server_address[:2]), flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
