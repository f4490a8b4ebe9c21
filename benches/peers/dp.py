"""Golden figures of the privacy accountant: python benches/peers/dp.py > src/engine/train/private/golden.csv

pip install dp-accounting==0.6.0 (Google's; the orders are its defaults, neighbours add or remove a row)."""

import itertools

from dp_accounting import dp_event, rdp

print("noise,rate,steps,delta,epsilon,order")
grid = itertools.product([0.6, 0.8, 1.1, 2.0, 5.0], [0.001, 0.007, 0.05, 1.0], [1, 500, 8460])
for noise, rate, steps in grid:
    for delta in (1e-5,) if rate != 0.007 else (1e-5, 1e-3):
        accountant = rdp.RdpAccountant()
        event = dp_event.PoissonSampledDpEvent(rate, dp_event.GaussianDpEvent(noise))
        accountant.compose(dp_event.SelfComposedDpEvent(event, steps))
        epsilon, order = accountant.get_epsilon_and_optimal_order(delta)
        print(f"{noise},{rate},{steps},{delta},{float(epsilon)!r},{float(order)!r}")
