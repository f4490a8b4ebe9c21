#!/usr/bin/env python3
"""Text CNN of docs/networks.md in PyTorch, to try what else would help, and the n-gram model of REFERENCE.md fold by fold:
    python benches/peers/text_cnn.py w|h NAMES FOLDS      (w take-away, h hotels; NAMES of `cfgs`, or tfidf)
Torch 2.8, scikit-learn 1.9; REGULARS_DATA names the data."""

import os
import sys, csv, random, math, time, numpy as np, torch, torch.nn as nn, torch.nn.functional as F
from sklearn.model_selection import StratifiedKFold

torch.set_num_threads(1)


def load(f):
    rows = [(int(r[0]), r[1].strip()) for r in list(csv.reader(open(f, encoding="utf-8")))[1:]]
    return [r for r in rows if r[1]]


D = os.path.join(os.environ["REGULARS_DATA"], "chinese-reviews", "")
cfgs = dict(
    base={},
    all={"watch": 0, "epochs": 5},
    allcos={"watch": 0, "epochs": 6, "cos": 1},
    ema={"watch": 0, "epochs": 6, "ema": 1},
    big={"watch": 0, "epochs": 5, "big": 1, "cos": 1, "ema": 0},
    bigema={"watch": 0, "epochs": 6, "big": 1, "ema": 1, "cos": 1},
)
data = sys.argv[1]
names = sys.argv[2].split(",")
folds = [int(x) for x in sys.argv[3].split(",")]
rows = load(D + ("waimai_10k.csv" if data == "w" else "ChnSentiCorp_htl_all.csv"))
maxlen = 128 if data == "w" else 512
y = np.array([r[0] for r in rows])
skf = list(StratifiedKFold(5, shuffle=True, random_state=0).split(np.zeros(len(y)), y))


class Net(nn.Module):
    def __init__(s, V, B, d=128, f=100, mean=False, drop=0.5, ed=0.3):
        super().__init__()
        s.e = nn.Embedding(V, d, padding_idx=0)
        nn.init.normal_(s.e.weight, 0, 0.1)
        s.b = nn.Embedding(B, d, padding_idx=0) if B else None
        if B:
            nn.init.normal_(s.b.weight, 0, 0.05)
        s.c = nn.ModuleList([nn.Conv1d(d, f, k) for k in (1, 2, 3, 4)])
        s.mean = mean
        s.drop = drop
        s.ed = ed
        s.o = nn.Linear(f * 4 * (2 if mean else 1) + (d if B else 0), 1)

    def forward(s, x, b, m):
        h = s.e(x)
        if s.b is not None:
            h = h + s.b(b)
        if s.training:
            h = h * (torch.rand(h.shape[0], h.shape[1], 1) > s.ed).float() / (1 - s.ed)
        h = h * m[:, :, None]
        mean0 = h.sum(1) / m.sum(1, keepdim=True)
        t = h.transpose(1, 2)
        out = []
        for c in s.c:
            k = c.kernel_size[0]
            a = F.relu(c(F.pad(t, (0, k - 1)))) * m[:, None, :]
            out.append(a.max(2)[0])
            if s.mean:
                out.append(a.sum(2) / m.sum(1, keepdim=True))
        if s.b is not None:
            out.append(mean0)
        return s.o(F.dropout(torch.cat(out, 1), s.drop, s.training))[:, 0]


def run(name, c, fold):
    t0 = time.time()
    torch.manual_seed(fold + 1)
    random.seed(fold + 1)
    tr, te = skf[fold]
    tr = list(tr)
    random.shuffle(tr)
    n = int(len(tr) * c.get("watch", 0.1))
    va, tr = tr[:n], tr[n:]
    from collections import Counter

    cc = Counter()
    bb = Counter()
    for i in tr:
        cc.update(rows[i][1][:maxlen])
        s = rows[i][1][:maxlen]
        bb.update(s[j : j + 2] for j in range(len(s) - 1))
    ids = {ch: i + 2 for i, (ch, k) in enumerate(cc.most_common()) if k >= 2}
    bid = {x: i + 2 for i, (x, k) in enumerate(bb.most_common()) if k >= 2} if c.get("big") else {}

    def enc(i):
        s = rows[i][1][:maxlen]
        return [ids.get(ch, 1) for ch in s], [bid.get(s[j : j + 2], 1) for j in range(len(s))]

    E = {i: enc(i) for i in list(tr) + list(va) + list(te)}

    def batch(ix):
        L = max(4, max(len(E[i][0]) for i in ix))
        x = torch.zeros(len(ix), L, dtype=torch.long)
        b = x.clone()
        m = torch.zeros(len(ix), L)
        for r, i in enumerate(ix):
            a, g = E[i]
            x[r, : len(a)] = torch.tensor(a)
            b[r, : len(a)] = torch.tensor(g)
            m[r, : len(a)] = 1
        return x, b, m

    net = Net(len(ids) + 2, len(bid) + 2 if c.get("big") else 0, mean=data == "h", ed=0.3 if data == "w" else 0.5)
    opt = torch.optim.Adam(net.parameters(), lr=c.get("lr", 0.001))
    ep = c.get("epochs", 12)
    B = 64
    ema = [p.detach().clone() for p in net.parameters()]
    step = 0

    def pred(ix):
        net.eval()
        o = np.zeros(len(ix))
        order = sorted(range(len(ix)), key=lambda k: len(E[ix[k]][0]))
        with torch.no_grad():
            for k in range(0, len(ix), 256):
                part = order[k : k + 256]
                o[part] = net(*batch([ix[p] for p in part])).numpy()
        net.train()
        return o

    acc = lambda ix: ((pred(ix) > 0) == (y[ix] == 1)).mean()

    def loss(ix):
        return F.binary_cross_entropy_with_logits(torch.tensor(pred(ix)), torch.tensor(y[ix]).double()).item()

    best = (9, 0, 0)
    total = ep * math.ceil(len(tr) / B)
    bad = 0
    for e in range(ep):
        random.shuffle(tr)
        chunks = []
        for k in range(0, len(tr), B * 32):
            s = sorted(tr[k : k + B * 32], key=lambda i: len(E[i][0]))
            chunks += [s[j : j + B] for j in range(0, len(s), B)]
        random.shuffle(chunks)
        for ix in chunks:
            if c.get("cos"):
                for g in opt.param_groups:
                    g["lr"] = 0.001 * 0.5 * (1 + math.cos(math.pi * step / total)) + 1e-6
            l = F.binary_cross_entropy_with_logits(net(*batch(ix)), torch.tensor(y[ix]).float())
            opt.zero_grad()
            l.backward()
            opt.step()
            step += 1
            if c.get("ema"):
                d = min(0.998, (1 + step) / (10 + step))
                with torch.no_grad():
                    for a, p in zip(ema, net.parameters()):
                        a.mul_(d).add_(p, alpha=1 - d)
        if n:
            v = loss(va)
            a = acc(te)
            bad = 0 if v < best[0] else bad + 1
            if v < best[0]:
                best = (v, a, e + 1)
            if bad >= 3:
                break
        else:
            if c.get("ema"):
                keep = [p.detach().clone() for p in net.parameters()]
                with torch.no_grad():
                    for a, p in zip(ema, net.parameters()):
                        p.copy_(a)
            print("   ", name, fold, e + 1, round(acc(te), 4), flush=True)
            if c.get("ema"):
                with torch.no_grad():
                    for a, p in zip(keep, net.parameters()):
                        p.copy_(a)
    print(data, name, fold, (round(best[1], 4), best[2]) if n else "", round(time.time() - t0), "s", flush=True)


if names == ["tfidf"]:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    for f in folds:
        tr, te = skf[f]
        v = TfidfVectorizer(analyzer="char", ngram_range=(1, 3), min_df=2, sublinear_tf=True)
        X = v.fit_transform([rows[i][1] for i in tr])
        m = LogisticRegression(C=10, max_iter=1000).fit(X, y[tr])
        print(data, "tfidf", f, round(m.score(v.transform([rows[i][1] for i in te]), y[te]), 4), flush=True)
    sys.exit()
for nm in names:
    for f in folds:
        run(nm, cfgs[nm], f)
