"""SASRec (Kang and McAuley 2018) beside the attention network of benches/sequence_recommend.rs, on the same events
under the same protocol: last event of each customer held out, the one before it ends the training (NDCG@10),
ties in time in file order, full ranking over all products, seen products excluded, equal scores get the (better)
middle rank. No test event is looked at before the training has ended.

    pip install torch numpy pandas
    python benches/peers/sasrec.py FILE.inter [--net paper|recbole] [--loss bce|softmax] [--len 50|200]

FILE has user, item, rating and time, separated by tabs.

`paper` is written from the paper: embeddings of 50 numbers times √50, learned places, two blocks of one head,
layer norm on the query only, point-wise network of the same width, dropout 0.2, Adam 0.001 with β₂ 0.98, 128
customers a step with their last `--len` events, places counted from the end; the loss is a logistic one with one
drawn product that the customer never took (`bce`), or the whole softmax (`softmax`). `recbole` is the network of
RecBole 1.2.1 (`pip install recbole`), as it comes but for its dropout: 64 numbers, two layers of two heads, 256
within, GELU, layer norm afterwards, whole softmax, Adam 0.001; it is asked at every place of a history (RecBole
itself makes one row of each beginning of a history: the same questions, at fifty times the work).
"""

import argparse
import time

import numpy as np
import pandas as pd
import torch
from torch import nn


class Paper(nn.Module):
    def __init__(self, items, length, size=50, heads=1, blocks=2, drop=0.2):
        super().__init__()
        self.size = size
        self.items = nn.Embedding(items + 1, size, padding_idx=0)
        self.places = nn.Embedding(length, size)
        self.drop = nn.Dropout(drop)
        self.norms = nn.ModuleList(nn.LayerNorm(size, eps=1e-8) for _ in range(2 * blocks + 1))
        self.attend = nn.ModuleList(
            nn.MultiheadAttention(size, heads, drop, batch_first=True) for _ in range(blocks)
        )
        self.inner = nn.ModuleList(
            nn.Sequential(
                nn.Linear(size, size), nn.Dropout(drop), nn.ReLU(), nn.Linear(size, size), nn.Dropout(drop)
            )
            for _ in range(blocks)
        )
        for weight in self.parameters():
            if weight.dim() > 1:
                nn.init.xavier_normal_(weight)
        with torch.no_grad():
            self.items.weight[0] = 0

    def forward(self, tokens):
        steps = tokens.shape[1]
        real = (tokens != 0).unsqueeze(2)
        x = self.drop(self.items(tokens) * self.size**0.5 + self.places.weight[-steps:]) * real
        ahead = torch.triu(torch.ones(steps, steps, dtype=torch.bool), 1)
        for at, (attend, inner) in enumerate(zip(self.attend, self.inner)):
            query = self.norms[2 * at](x)
            x = query + attend(query, x, x, attn_mask=ahead, need_weights=False)[0]
            x = self.norms[2 * at + 1](x)
            x = (x + inner(x)) * real
        return self.norms[-1](x)


class RecBole(nn.Module):
    """The layers of recbole.model.sequential_recommender.SASRec, answering at every place."""

    def __init__(self, items, length, drop):
        super().__init__()
        for name, kind in [("bool8", np.bool_), ("float_", np.float64), ("complex_", np.complex128)]:
            # Names that numpy 2 has dropped and RecBole still asks for.
            if not hasattr(np, name):
                setattr(np, name, kind)
        from recbole.model.layers import TransformerEncoder

        self.items = nn.Embedding(items + 1, 64, padding_idx=0)
        self.places = nn.Embedding(length, 64)
        self.norm, self.drop = nn.LayerNorm(64, eps=1e-12), nn.Dropout(drop)
        self.encoder = TransformerEncoder(
            n_layers=2,
            n_heads=2,
            hidden_size=64,
            inner_size=256,
            hidden_dropout_prob=drop,
            attn_dropout_prob=drop,
            hidden_act="gelu",
            layer_norm_eps=1e-12,
        )
        for part in self.modules():
            if isinstance(part, (nn.Linear, nn.Embedding)):
                part.weight.data.normal_(0.0, 0.02)
            if isinstance(part, nn.Linear) and part.bias is not None:
                part.bias.data.zero_()

    def forward(self, tokens):
        steps = tokens.shape[1]
        x = self.drop(self.norm(self.items(tokens) + self.places.weight[:steps]))
        back = torch.tril(torch.ones(steps, steps, dtype=torch.bool)) & (tokens != 0)[:, None, None, :]
        mask = torch.where(back, 0.0, -10000.0)
        return self.encoder(x, mask, output_all_encoded_layers=True)[-1]


def padded(lists, steps, front):
    out = np.zeros((len(lists), steps), np.int64)
    for row, own in enumerate(lists):
        if len(own):
            out[row, slice(-len(own), None) if front else slice(0, len(own))] = own
    return torch.from_numpy(out)


def pieces(lists, length, rng, last):
    """Pairs of what is read and what is asked. `last`: only the last events of each history, as the paper has it;
    else all of them, in pieces whose beginning is drawn."""
    out = []
    for who, own in enumerate(lists):
        read = len(own) - 1
        at = max(read - length, 0) if last else 0
        step = rng.integers(1, length + 1) if read > length and not last else length
        while at < read:
            end = min(at + step, read)
            out.append((who, own[at:end], own[at + 1 : end + 1]))
            at, step = end, length
    return out


@torch.no_grad()
def figures(net, lists, held, length, front):
    net.eval()
    hits = gains = 0.0
    asked = 0
    for own, wanted in zip(lists, held):
        if wanted in own:
            continue
        asked += 1
        tokens = padded([own[-length:]], length if front else min(length, len(own)), front)
        scores = (net(tokens)[0, -1] @ net.items.weight.T).numpy().copy()
        scores[own] = -np.inf
        scores[0] = -np.inf
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
    parser.add_argument("--net", choices=["paper", "recbole"], default="paper")
    parser.add_argument("--loss", choices=["bce", "softmax"], default="softmax")
    parser.add_argument("--len", type=int, default=50)
    parser.add_argument("--drop", type=float, default=0.2)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--all", action="store_true", help="all events a pass, not only the last of each history")
    parser.add_argument("--every", type=int, default=5, help="passes between two looks at the validation events")
    parser.add_argument("--epochs", type=int, default=600)
    parser.add_argument("--patience", type=int, default=10, help="looks without a better one")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--again", action="store_true", help="train again with the validation events, as ours does")
    asked = parser.parse_args()
    data = pd.read_csv(asked.file, sep="\t", header=0, names=["user", "item", "rating", "time"])
    data["item"] = data["item"].astype("category").cat.codes.astype(int) + 1
    data = data.sort_values(["user", "time"], kind="stable")
    lists = [group.tolist() for _, group in data.groupby("user")["item"]]
    items = int(data["item"].max())
    front = asked.net == "paper"
    last = not asked.all
    took = [np.fromiter(set(own[:-1]), int) for own in lists]

    def new():
        torch.manual_seed(asked.seed)
        net = Paper(items, asked.len, drop=asked.drop) if front else RecBole(items, asked.len, asked.drop)
        betas = (0.9, 0.98) if front else (0.9, 0.999)
        return net, torch.optim.Adam(net.parameters(), 1e-3, betas), np.random.default_rng(asked.seed)

    def epoch(net, optimizer, rng, own):
        all_pieces = pieces(own, asked.len, rng, last)
        order = rng.permutation(len(all_pieces))
        for start in range(0, len(order), asked.batch):
            some = [all_pieces[at] for at in order[start : start + asked.batch]]
            steps = max(len(read) for _, read, _ in some)
            tokens = padded([read for _, read, _ in some], steps, front)
            targets = padded([wanted for _, _, wanted in some], steps, front)
            at = targets != 0
            vectors, truth = net(tokens)[at], targets[at]
            if asked.loss == "softmax":
                loss = nn.functional.cross_entropy(vectors @ net.items.weight[1:].T, truth - 1)
            else:
                drawn = rng.integers(1, items + 1, truth.shape[0])
                whose = np.repeat([who for who, _, _ in some], [len(wanted) for _, _, wanted in some])
                for row in range(len(drawn)):
                    while drawn[row] in taken[whose[row]]:
                        drawn[row] = rng.integers(1, items + 1)
                good = (vectors * net.items(truth)).sum(1)
                bad = (vectors * net.items(torch.from_numpy(drawn))).sum(1)
                loss = nn.functional.softplus(-good).mean() + nn.functional.softplus(bad).mean()
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()

    taken = [set(own.tolist()) for own in took]
    learnt, train = [own[:-2] for own in lists], [own[:-1] for own in lists]
    net, optimizer, rng = new()
    name = f"{asked.net} {asked.loss} len {asked.len} drop {asked.drop}" + (" all" if asked.all else "")
    print(f"{name}: {sum(weight.numel() for weight in net.parameters())} numbers", flush=True)
    best, kept, started = (-1.0, 0), None, time.process_time()
    for number in range(1, asked.epochs + 1):
        epoch(net, optimizer, rng, learnt)
        if number % asked.every:
            continue
        gain = figures(net, learnt, [own[-2] for own in lists], asked.len, front)[1]
        if gain > best[0]:
            best, kept = (gain, number), {key: value.clone() for key, value in net.state_dict().items()}
        if number - best[1] >= asked.patience * asked.every:
            break
    spent = time.process_time() - started
    net.load_state_dict(kept)
    hits, gain, n = figures(net, train, [own[-1] for own in lists], asked.len, front)
    print(f"{name}: best pass {best[1]}, valid NDCG@10 {best[0]:.4f}, {spent:.0f} s of processor time")
    print(f"{name}: watched: HR@10 {hits:.4f} NDCG@10 {gain:.4f} of {n} customers", flush=True)
    if asked.again:
        net, optimizer, rng = new()
        for _ in range(best[1]):
            epoch(net, optimizer, rng, train)
        hits, gain, n = figures(net, train, [own[-1] for own in lists], asked.len, front)
        print(f"{name}: again: HR@10 {hits:.4f} NDCG@10 {gain:.4f} of {n} customers", flush=True)


main()
