"""Reads a file as other tools do, each in a process of its own, and prints seconds and peak memory.

    python benches/peers/reading.py FILE.csv [TIMES]

Cases: polars told the schema beforehand, polars guessing it, pandas with its dates parsed. The best
of TIMES (3) is printed, one line per case: `name seconds MiB rows`.
"""

import importlib.util
import resource
import subprocess
import sys
import time


def read(case: str, path: str) -> tuple[float, int]:
    """Seconds and rows of one reading; what is told beforehand is not counted."""
    if case == "pandas-dates":
        import pandas

        started = time.perf_counter()
        frame = pandas.read_csv(path, parse_dates=["c1"])
    else:
        import polars

        schema = polars.read_csv(path, n_rows=100, try_parse_dates=True).schema
        started = time.perf_counter()
        if case == "polars-told":
            frame = polars.read_csv(path, schema=schema)
        else:
            frame = polars.read_csv(path, try_parse_dates=True, infer_schema_length=10_000)
    return time.perf_counter() - started, len(frame)


def main() -> None:
    path, times = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 3
    if len(sys.argv) > 3:
        seconds, rows = read(sys.argv[3], path)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"{sys.argv[3]} {seconds:.3f} {peak:.0f} {rows}")
        return
    for case, module in [("polars-told", "polars"), ("polars-guess", "polars"), ("pandas-dates", "pandas")]:
        if importlib.util.find_spec(module) is None:
            print(f"{case}: no {module} here", file=sys.stderr)
            continue
        lines = []
        for _ in range(times):
            done = subprocess.run(
                [sys.executable, __file__, path, "1", case], capture_output=True, text=True, check=True
            )
            lines.append(done.stdout.split())
        print(*min(lines, key=lambda line: float(line[1])), flush=True)


if __name__ == "__main__":
    main()
