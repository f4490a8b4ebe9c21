"""Flower's real server, branches of `regulars federated join`, and between them proxies that keep every byte:
no customer's cell is in it, and every branch saves the same model. Not run in CI: it needs flwr 1.42.

    python check_traffic.py target/debug/regulars Telco-Customer-Churn.csv
"""

import argparse
import csv
import json
import os
import re
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

HERE = Path(__file__).parent


def free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return held.getsockname()[1]


def proxy(to: int, kept: bytearray) -> int:
    """A port whose bytes go to `to`; what comes in is kept."""
    door = socket.create_server(("127.0.0.1", 0))

    def pump(source: socket.socket, sink: socket.socket, keep: bool) -> None:
        try:
            while block := source.recv(65536):
                if keep:
                    kept.extend(block)
                sink.sendall(block)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def serve() -> None:
        while True:
            branch, _ = door.accept()
            server = socket.create_connection(("127.0.0.1", to))
            threading.Thread(target=pump, args=(branch, server, True), daemon=True).start()
            threading.Thread(target=pump, args=(server, branch, False), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    return door.getsockname()[1]


def cells_in(traffic: bytes, rows: list[dict]) -> list[str]:
    """Cells that stand in few rows and are long enough not to be met by chance, found in the traffic."""
    seen: dict[str, int] = {}
    for row in rows:
        for text in row.values():
            seen[text] = seen.get(text, 0) + 1
    found = []
    for text, times in seen.items():
        if times > 3 or len(text.strip()) < 6:
            continue
        # Digits within a longer number, a sum or a time, are not the cell.
        whole = rb"(?<![0-9A-Za-z.])" + re.escape(text.encode()) + rb"(?![0-9A-Za-z])"
        try:
            number = struct.pack("<d", float(text))
        except ValueError:
            number = None
        if re.search(whole, traffic) or (number and number in traffic):
            found.append(text)
    return found


def main() -> None:
    said = argparse.ArgumentParser()
    said.add_argument("regulars")
    said.add_argument("file")
    said.add_argument("--branches", type=int, default=3)
    said.add_argument("--rounds", type=int, default=3)
    said.add_argument("--bin", default=str(Path(sys.executable).parent), help="where flwr's commands are")
    args = said.parse_args()
    work = Path(tempfile.mkdtemp())
    with open(args.file, newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    parts = [rows[at :: args.branches] for at in range(args.branches)]
    port = free_port()
    home = work / "flwr"
    home.mkdir()
    (home / "config.toml").write_text(
        f'[superlink]\ndefault = "local"\n[superlink.local]\naddress = "127.0.0.1:{port}"\ninsecure = true\n'
    )
    env = {**os.environ, "FLWR_HOME": str(home), "PATH": f"{args.bin}:{os.environ['PATH']}"}
    link = subprocess.Popen(
        ["flower-superlink", "--insecure", "--host", "127.0.0.1", "--port", str(port),
         "--disable-runtime-dependency-installation"],
        env=env, stdout=open(work / "link.log", "w"), stderr=subprocess.STDOUT,
    )
    try:
        time.sleep(8)
        kept, branches = [bytearray() for _ in parts], []
        for at, part in enumerate(parts):
            path = work / f"branch{at}.csv"
            with open(path, "w", newline="", encoding="utf-8") as file:
                out = csv.DictWriter(file, fieldnames=part[0].keys())
                out.writeheader()
                out.writerows(part)
            server = f"http://127.0.0.1:{proxy(port, kept[at])}"
            branches.append(subprocess.Popen(
                [args.regulars, "federated", "join", str(path), "--server", server, "--json",
                 "--out", str(work / f"branch{at}.bundle"), "--quiet", "40"],
                stdout=subprocess.PIPE, stderr=open(work / f"branch{at}.log", "w"), text=True,
            ))
        subprocess.run(
            ["flwr", "run", str(HERE), "local", "--stream", "--run-config",
             f"branches={args.branches} rounds={args.rounds}"],
            env=env, check=True,
        )
        told = [json.loads(branch.communicate(timeout=180)[0]) for branch in branches]
    finally:
        link.terminate()
    for at, (one, traffic) in enumerate(zip(told, kept)):
        assert b"squares" in traffic, f"branch {at}: the proxy saw nothing ({one})"
        found = cells_in(bytes(traffic), parts[at])
        print(f"branch {at}: {len(traffic):,} bytes to the server, {len(found)} cells of {len(parts[at]):,} rows")
        assert not found, found[:10]
    scores = []
    for at in range(args.branches):
        out = work / f"scores{at}.csv"
        subprocess.run(
            [args.regulars, "score", str(work / f"branch{at}.bundle"), args.file, "--out", str(out), "--json"],
            check=True, stdout=subprocess.DEVNULL,
        )
        scores.append(out.read_bytes())
    assert all(one == scores[0] for one in scores), "the branches' bundles score differently"
    print(f"{args.branches} bundles score {len(rows):,} customers alike:", told[0]["federated"])


if __name__ == "__main__":
    main()
