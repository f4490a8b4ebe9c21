"""The peer of benches/sequence_recommend.rs: SASRec (Kang and McAuley 2018) and GRU4Rec (Hidasi et al. 2016) in
plain PyTorch, of the size of ours, on the same events under the same protocol: last event of each customer held
out, the one before it ends the training (NDCG@10, patience), ties in time in file order, full ranking over all
products, seen products excluded, equal scores get the (better) middle rank.

    pip install torch numpy pandas
    python benches/peers/sequence_recommend.py FILE.inter attention|gru [--epochs N] [--time]

FILE has user, item, rating and time, separated by tabs. Every product but a customer's first is asked once an
epoch, in pieces of at most 50 whose beginning is drawn anew, as ours are; Adam 2e-3, batches of 64 pieces, whole
softmax with one embedding for reading and answering. `--time` only tells targets a second.
"""

import argparse
import time

import numpy as np
import pandas as pd
import torch
from torch import nn

LEN = 50


class Attention(nn.Module):
    def __init__(self, items, size=64, heads=2, layers=2, drop=0.3):
        super().__init__()
        self.places = nn.Embedding(LEN, size)
        nn.init.normal_(self.places.weight, std=0.02)
        self.first, self.last, self.drop = nn.LayerNorm(size), nn.LayerNorm(size), nn.Dropout(drop)
        layer = nn.TransformerEncoderLayer(
            size, heads, 4 * size, drop, activation="relu", batch_first=True, norm_first=True
        )
        self.layers = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)

    def forward(self, x):
        steps = x.shape[1]
        x = self.drop(self.first(x + self.places.weight[:steps]))
        ahead = torch.triu(torch.ones(steps, steps, dtype=torch.bool), 1)
        return self.last(self.layers(x, mask=ahead))


class Recurrent(nn.Module):
    def __init__(self, items, size=64, units=128, drop=0.3):
        super().__init__()
        self.drop = nn.Dropout(drop)
        self.gru = nn.GRU(size, units, batch_first=True)
        self.project = nn.Linear(units, size)

    def forward(self, x):
        return self.project(self.gru(self.drop(x))[0])


class Net(nn.Module):
    def __init__(self, kind, items, size=64):
        super().__init__()
        self.items = nn.Embedding(items, size)
        nn.init.normal_(self.items.weight, std=0.1)
        self.bias = nn.Parameter(torch.zeros(items))
        self.body = {"attention": Attention, "gru": Recurrent}[kind](items)

    def forward(self, tokens):
        return self.body(self.items(tokens))

    def scores(self, vectors):
        return vectors @ self.items.weight.T + self.bias


def batches(lists, rng, size=64, pool=8):
    pieces = []
    for own in lists:
        read = len(own) - 1
        at, length = 0, rng.integers(1, LEN + 1) if read > LEN else read
        while at < read:
            length = min(length, read - at)
            pieces.append(own[at : at + length + 1])
            at, length = at + length, LEN
    order = rng.permutation(len(pieces))
    pieces = [pieces[n] for n in order]
    for start in range(0, len(pieces), size * pool):
        pieces[start : start + size * pool] = sorted(pieces[start : start + size * pool], key=len)
    groups = [pieces[start : start + size] for start in range(0, len(pieces), size)]
    for at in rng.permutation(len(groups)):
        group = groups[at]
        steps = max(len(piece) for piece in group) - 1
        tokens = np.zeros((len(group), steps), np.int64)
        mask = np.zeros((len(group), steps), bool)
        targets = []
        for row, piece in enumerate(group):
            tokens[row, : len(piece) - 1] = piece[:-1]
            mask[row, : len(piece) - 1] = True
            targets.extend(piece[1:])
        yield torch.from_numpy(tokens), torch.from_numpy(mask), torch.tensor(targets)


def step(net, optimizer, batch):
    tokens, mask, targets = batch
    optimizer.zero_grad(set_to_none=True)
    loss = nn.functional.cross_entropy(net.scores(net(tokens)[mask]), targets)
    loss.backward()
    nn.utils.clip_grad_norm_(net.parameters(), 5.0)
    optimizer.step()
    return loss


@torch.no_grad()
def figures(net, lists, held):
    net.eval()
    hits = gains = 0.0
    asked = 0
    for own, wanted in zip(lists, held):
        if wanted is None or wanted in own:
            continue
        asked += 1
        scores = net.scores(net(torch.tensor(own[-LEN:])[None])[0, -1]).numpy().copy()
        scores[own] = -np.inf
        above, equal = int((scores > scores[wanted]).sum()), int((scores == scores[wanted]).sum())
        rank = above + 1 + (equal - 1) // 2
        if rank <= 10:
            hits += 1
            gains += 1 / np.log2(1 + rank)
    net.train()
    return hits / asked, gains / asked, asked


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("file")
    parser.add_argument("kind", choices=["attention", "gru"])
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--patience", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--time", action="store_true")
    asked = parser.parse_args()
    data = pd.read_csv(asked.file, sep="\t", header=0, names=["user", "item", "rating", "time"])
    data["item"] = data["item"].astype("category").cat.codes
    data = data.sort_values(["user", "time"], kind="stable")
    lists = [group.tolist() for _, group in data.groupby("user")["item"]]
    items = int(data["item"].max()) + 1

    def new():
        torch.manual_seed(asked.seed)
        net = Net(asked.kind, items)
        return net, torch.optim.Adam(net.parameters(), asked.rate), np.random.default_rng(asked.seed)

    def epoch(net, optimizer, rng, own):
        return sum(float(step(net, optimizer, batch).detach()) for batch in batches(own, rng))

    net, optimizer, rng = new()
    print(sum(weight.numel() for weight in net.parameters()), "numbers,", torch.get_num_threads(), "threads")
    train = [own[:-1] for own in lists]
    if asked.time:
        for batch in list(batches(train, rng))[:3]:
            step(net, optimizer, batch)
        rates, worked, targets = [], time.process_time(), 0
        for batch in list(batches(train, rng))[:36]:
            started = time.perf_counter()
            step(net, optimizer, batch)
            rates.append(len(batch[2]) / (time.perf_counter() - started))
            targets += len(batch[2])
        worked = time.process_time() - worked
        print(
            f"{asked.kind}: {sorted(rates)[len(rates) // 2]:.0f} targets/s (median step), "
            f"{targets / worked:.0f} targets per second of processor time"
        )
        return
    learnt = [own[:-2] for own in lists]
    best, kept, started = (-1.0, 0), None, time.perf_counter()
    for number in range(1, asked.epochs + 1):
        epoch(net, optimizer, rng, learnt)
        gain = figures(net, learnt, [own[-2] for own in lists])[1]
        if gain > best[0]:
            best = (gain, number)
            kept = figures(net, train, [own[-1] for own in lists])
        if number - best[1] >= asked.patience:
            break
    print(f"{asked.kind}: best epoch {best[1]}, valid NDCG@10 {best[0]:.4f}, {time.perf_counter() - started:.1f} s")
    print(f"{asked.kind}: that epoch, not fitted again: HR@10 {kept[0]:.4f} NDCG@10 {kept[1]:.4f}", flush=True)
    net, optimizer, rng = new()
    for _ in range(best[1]):
        epoch(net, optimizer, rng, train)
    hits, gain, n = figures(net, train, [own[-1] for own in lists])
    print(f"{asked.kind}: HR@10 {hits:.4f} NDCG@10 {gain:.4f} of {n} customers")


main()
