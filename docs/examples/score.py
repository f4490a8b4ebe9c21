"""Asks a running `regulars serve` about the customers of a CSV file. Python's own library is enough.

    python3 score.py customers.csv
    REGULARS_URL=http://127.0.0.1:8017 REGULARS_KEY=rgl_… python3 score.py customers.csv
"""

import csv
import json
import os
import sys
import urllib.error
import urllib.request

URL = os.environ.get("REGULARS_URL", "http://127.0.0.1:8017")
KEY = os.environ.get("REGULARS_KEY")


def ask(path, body, kind="application/json"):
    headers = {"Content-Type": kind}
    if KEY:
        headers["Authorization"] = f"Bearer {KEY}"
    request = urllib.request.Request(URL + path, data=body, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.read().decode()
    except urllib.error.HTTPError as refused:
        error = json.load(refused)["error"]
        sys.exit(f"{refused.code} {error['message']}\n{error['hint']}")


with open(sys.argv[1], newline="", encoding="utf-8-sig") as file:
    rows = list(csv.DictReader(file))

# One customer, and why.
one = json.loads(ask("/v1/score", json.dumps(rows[0]).encode()))
print(f"{one['id']}: {one['probability']:.1%}", "at risk" if one["at_risk"] else "")
why = json.loads(ask("/v1/explain", json.dumps(rows[0]).encode()))
for reason in why["reasons"][:3]:
    print("  ", reason["words"])

# All of them, a line each: the answer comes line by line, too.
lines = "".join(json.dumps(row) + "\n" for row in rows).encode()
for line in ask("/v1/score", lines, "application/x-ndjson").splitlines()[:5]:
    score = json.loads(line)
    print(score["row"], score["id"], f"{score['probability']:.6f}")
