"""The features of behaviour in pandas: `python behaviour.py write ORDERS.csv [LINES]`, then
`python behaviour.py run ORDERS.csv`.

`write` makes a shop's order lines (a million: 50,000 customers, two years, 2,000 products). `run` reads
them, computes for four cut-off days what `features::behaviour` computes of orders (docs/behaviour.md), with
group-bys over all customers at once, and prints seconds, peak memory and sums to be held against ours.
"""
import resource
import sys
import time

import numpy as np
import pandas as pd

WINDOWS = [7, 30, 90, 365]


def write(path: str, lines: int) -> None:
    rng = np.random.default_rng(1)
    orders = lines * 2 // 5
    who = rng.integers(0, max(orders // 8, 1), orders)
    minute = rng.integers(0, 730 * 1440, orders)
    channel = rng.choice(["web", "shop", "phone", "app"], orders)
    at = np.sort(rng.integers(0, orders, lines))
    product = (rng.pareto(1.2, lines) * 20).astype(int) % 2000
    quantity = rng.integers(1, 6, lines)
    quantity[rng.random(lines) < 0.02] *= -1
    frame = pd.DataFrame({
        "order_id": np.char.add("O", np.char.zfill(at.astype(str), 7)),
        "customer_id": np.char.add("C", np.char.zfill(who[at].astype(str), 6)),
        "order_date": (np.datetime64("2024-01-01") + minute[at].astype("timedelta64[m]")).astype("datetime64[s]"),
        "product_id": np.char.add("P", np.char.zfill(product.astype(str), 4)),
        "category": np.array(["tea", "cups", "pots", "gifts", "honey", "tools"])[product % 6],
        "channel": channel[at],
        "quantity": quantity,
        "amount": (quantity * (3 + product % 40) * 1.05).round(2),
        "discount": (rng.random(lines) < 0.2).astype(int),
    })
    frame.to_csv(path, index=False, date_format="%Y-%m-%d %H:%M:%S")


def entropy(frame: pd.DataFrame, column: str) -> pd.DataFrame:
    n = frame.groupby(["c", column], observed=True, sort=False).size().rename("n").reset_index()
    total = n.groupby("c").n.transform("sum")
    p = n.n / total
    n["e"] = -p * np.log(p)
    return n.groupby("c").agg(entropy=("e", "sum"), distinct=("n", "size"), rows=("n", "sum"))


def shares(frame: pd.DataFrame, column: str) -> pd.DataFrame:
    table = pd.crosstab(frame.c, frame[column])
    return table.div(table.sum(axis=1), axis=0).add_prefix(f"{column}: share of ")


def features(lines: pd.DataFrame, day: int) -> pd.DataFrame:
    known = lines[lines.day <= day]
    bought = known[known.amount > 0]
    orders = bought.groupby(["c", "day", "order"], sort=True).amount.sum().reset_index()
    by = orders.groupby("c")
    out = by.agg(last=("day", "last"), first=("day", "first"), count=("amount", "size"), spent=("amount", "sum"),
                 mean_order=("amount", "mean"), last_order=("amount", "last"))
    out["recency"] = day - out["last"] + 1
    out["tenure"] = day - out["first"] + 1
    days = orders[["c", "day"]].drop_duplicates()
    days["gap"] = days.groupby("c").day.diff()
    gaps = days.dropna()
    by = gaps.groupby("c").gap
    out["days"] = days.groupby("c").size()
    out["mean_gap"], out["median_gap"], out["gap_spread"] = by.mean(), by.median(), by.std()
    out["last_gap"] = by.last() / out.mean_gap
    out["silence"] = out.recency / out.mean_gap
    k = gaps.groupby("c").cumcount()
    n = by.transform("size")
    x = k - (n - 1) / 2
    parts = pd.DataFrame({"c": gaps.c, "above": x * gaps.gap, "below": x * x}).groupby("c").sum()
    out["gap_trend"] = parts.above / parts.below
    ago = day - orders.day
    for name, weight in [("orders", pd.Series(1.0, orders.index)), ("spent", orders.amount)]:
        for w in WINDOWS:
            now = weight[ago < w].groupby(orders.c).sum().reindex(out.index, fill_value=0)
            before = weight[(ago >= w) & (ago < 2 * w)].groupby(orders.c).sum().reindex(out.index, fill_value=0)
            out[f"{name}: last {w}"] = now
            out[f"{name}: trend {w}"] = ((now - before) / (now + before)).fillna(0)
    turn = 2 * np.pi * ((bought.day + 3) % 7) / 7
    clock = 2 * np.pi * (bought.ms % 86_400_000) / 86_400_000
    habits = pd.DataFrame({"c": bought.c, "weekend": ((bought.day + 3) % 7 >= 5), "ws": np.sin(turn), "wc": np.cos(turn),
                           "hs": np.sin(clock), "hc": np.cos(clock), "discount": bought.discount != 0,
                           "quantity": bought.quantity, "rows": 1})
    by = habits.groupby("c")
    out = out.join(by[["weekend", "ws", "wc", "hs", "hc", "discount"]].mean())
    out["rows_per_order"] = by.rows.sum() / out["count"]
    out["pieces_per_order"] = by.quantity.sum() / out["count"]
    back = known[(known.quantity < 0) | (known.amount < 0)].groupby("c").amount
    out["returns"] = back.size().reindex(out.index, fill_value=0)
    out["return_share"] = out.returns / known.groupby("c").size()
    out["return_value"] = (-back.sum()).reindex(out.index, fill_value=0)
    product = entropy(bought, "product_id")
    out["distinct"], out["diversity"] = product.distinct, product.entropy
    out["repeats"] = 1 - product.distinct / product.rows
    out["category: diversity"] = entropy(bought, "category").entropy
    return out.join(shares(bought, "category")).join(shares(bought, "channel"))


def main() -> None:
    if sys.argv[1] == "write":
        return write(sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 1_000_000)
    peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    clock = time.perf_counter()
    lines = pd.read_csv(sys.argv[2], parse_dates=["order_date"], dtype={"product_id": "category", "category": "category", "channel": "category"})
    print(f"file read {time.perf_counter() - clock:.2f} s, peak {peak():.0f} MiB")
    for _ in range(2):
        clock = time.perf_counter()
        ms = lines.order_date.to_numpy().astype("datetime64[ms]").astype("int64")
        lines["ms"], lines["day"] = ms, ms // 86_400_000
        lines["c"] = pd.factorize(lines.customer_id)[0]
        lines["order"] = pd.factorize(lines.order_id)[0]
        last = lines.day.max()
        books = time.perf_counter() - clock
        clock = time.perf_counter()
        used, rows = time.process_time(), []
        for back in [150, 120, 90, 60]:
            made = features(lines, last - back)
            # The same customers: those who bought in the year before.
            rows.append(made[made.recency <= 365])
        rows = pd.concat(rows)
        seconds, used = time.perf_counter() - clock, time.process_time() - used
        print(f"keys and days {books:.3f} s, {len(rows)} rows x {rows.shape[1]} columns {seconds:.3f} s ({used:.2f} s of processor), peak {peak():.0f} MiB")
    for name, column in [("orders: count", "count"), ("spent: sum", "spent"), ("orders: mean gap", "mean_gap"),
                         ("products: distinct", "distinct"), ("products: diversity", "diversity")]:
        print(f"  sum of {name}: {rows[column].sum():.4f}")


main()
