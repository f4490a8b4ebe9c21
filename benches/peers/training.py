"""Training samples per second of PyTorch on the CPU at the architectures of `benches/training.rs`:
`python training.py REGULARS_DATA [THREADS]`. Same layers, optimiser (Adam), batch sizes and 32 bits; each
the best and the median of five.
"""
import sys
import time
from collections import Counter

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

ROWS, WIDTH = 7043, 45


def told(name, batch, model, batches, steps):
    optimiser = torch.optim.Adam(model.parameters(), lr=0.001)
    lossf = nn.BCEWithLogitsLoss()
    model.train()

    def run(count):
        seen, total = 0, torch.zeros(())
        for at in range(count):
            x, y = batches(at)
            optimiser.zero_grad(set_to_none=True)
            loss = lossf(model(x), y)
            loss.backward()
            optimiser.step()
            total += loss.detach()
            seen += len(y)
        float(total)
        return seen

    rates = []
    for _ in range(5):
        run(max(steps // 10, 3))
        began = time.perf_counter()
        seen = run(steps)
        rates.append(seen / (time.perf_counter() - began))
    rates.sort()
    best, median = rates[-1], rates[2]
    print(f"{name:<24} batch {batch:>3}: best {best:>8.0f}, median {median:>8.0f} samples/s "
          f"({1e6 * batch / best:.0f} µs a step)", flush=True)


class Mlp(nn.Module):
    def __init__(self, dropout):
        super().__init__()
        layers, width = [], WIDTH
        for units in (64, 32):
            layers += [nn.Linear(width, units), nn.ReLU()]
            if dropout:
                layers.append(nn.Dropout(dropout))
            width = units
        self.layers = nn.Sequential(*layers, nn.Linear(width, 1))

    def forward(self, x):
        return self.layers(x).squeeze(1)


class TextCnn(nn.Module):
    def __init__(self, vocabulary):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, 64, padding_idx=0)
        self.convs = nn.ModuleList([nn.Conv1d(64, 100, k) for k in (2, 3, 4)])
        self.out = nn.Linear(300, 1)

    def forward(self, ids):
        x = F.pad(self.embedding(ids).transpose(1, 2), (0, 3))
        x = torch.cat([F.relu(conv(x)).amax(2) for conv in self.convs], 1)
        return self.out(F.dropout(x, 0.5, self.training)).squeeze(1)


class Gru(nn.Module):
    def __init__(self):
        super().__init__()
        self.gru = nn.GRU(8, 64, batch_first=True)
        self.out = nn.Linear(64, 1)

    def forward(self, x):
        return self.out(self.gru(x)[1][0]).squeeze(1)


def mlp(rng):
    x = torch.from_numpy(rng.uniform(-1, 1, (ROWS, WIDTH)).astype(np.float32))
    y = (x[:, 0] > 0).float()
    order = torch.from_numpy(rng.permutation(ROWS))
    for name, dropout in [("MLP 64-32-1", 0.0), ("MLP 64-32-1, dropout", 0.5)]:
        for batch in (32, 256):
            parts = [part for part in order.split(batch) if len(part) == batch]
            told(name, batch, Mlp(dropout), lambda at: (x[parts[at % len(parts)]], y[parts[at % len(parts)]]), 400)


def text_cnn(rng, data):
    lines = open(f"{data}/chinese-reviews/waimai_10k.csv", encoding="utf-8").read().splitlines()[1:]
    labels = torch.tensor([float(line[0] == "1") for line in lines])
    texts = [line.split(",", 1)[1] for line in lines]
    counts = Counter(c for text in texts for c in set(text))
    number = {c: at for at, (c, n) in enumerate(((c, n) for c, n in counts.most_common() if n >= 2), 2)}
    ids = [torch.tensor([number.get(c, 1) for c in text][:512] or [0]) for text in texts]
    order = list(rng.permutation(len(ids)))
    batches = []
    for at in range(0, len(order), 64 * 32):
        pool = sorted(order[at:at + 64 * 32], key=lambda row: len(ids[row]))
        batches += [pool[b:b + 64] for b in range(0, len(pool), 64)]
    batches = [batches[b] for b in rng.permutation(len(batches))]

    def batch(at):
        rows = batches[at % len(batches)]
        return nn.utils.rnn.pad_sequence([ids[row] for row in rows], batch_first=True), labels[rows]

    told("text CNN 3×100", 64, TextCnn(len(number) + 2), batch, 187)


def gru(rng):
    x = torch.from_numpy(rng.uniform(-1, 1, (2048, 50, 8)).astype(np.float32))
    y = torch.from_numpy((rng.random(2048) < 0.3).astype(np.float32))
    parts = torch.from_numpy(rng.permutation(2048)).split(64)
    told("GRU 64, 50 steps of 8", 64, Gru(), lambda at: (x[parts[at % 32]], y[parts[at % 32]]), 96)


if __name__ == "__main__":
    if len(sys.argv) > 2:
        torch.set_num_threads(int(sys.argv[2]))
    print("torch", torch.__version__, "threads", torch.get_num_threads())
    torch.manual_seed(1)
    mlp(np.random.default_rng(1))
    text_cnn(np.random.default_rng(2), sys.argv[1])
    gru(np.random.default_rng(3))
