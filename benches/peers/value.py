"""BG/NBD by lifetimes on the histories that benches/value.rs writes: python value.py FILE.

Prints seconds of fitting and predicting, and figures to be held against ours.
"""

import sys
import time

import lifetimes
import pandas as pd

frame = pd.read_csv(sys.argv[1])
seconds = []
for _ in range(int(sys.argv[2]) if len(sys.argv) > 2 else 3):
    started = time.perf_counter()
    fitter = lifetimes.BetaGeoFitter(penalizer_coef=0.0)
    fitter.fit(frame.x, frame.t_x, frame["T"])
    fitted = time.perf_counter()
    ahead = fitter.conditional_expected_number_of_purchases_up_to_time(39.0, frame.x, frame.t_x, frame["T"])
    seconds.append(time.perf_counter() - started)
    print(f"fit {fitted - started:.2f} s, predict {time.perf_counter() - fitted:.2f} s")
    print(dict(fitter.params_), f"expected {ahead.sum():.1f}")
seconds.sort()
print(f"lifetimes {lifetimes.__version__}, {len(frame)} customers: best {seconds[0]:.2f} s, "
      f"median {seconds[len(seconds) // 2]:.2f} s")
