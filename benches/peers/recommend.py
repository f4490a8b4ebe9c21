"""The peers of benches/recommend.rs: `implicit` (PyPI) for ALS and EASE^R (Steck 2019) in numpy, on the same
events under the same protocol: last event of each customer held out, ties in time in file order, full ranking
over all products, seen products excluded, equal scores get the (better) middle rank.

    pip install implicit numpy pandas scipy
    OPENBLAS_NUM_THREADS=1 python benches/peers/recommend.py FILE.inter

FILE has user, item, rating and time, separated by tabs, as MovieLens 100k of RecBole or the file that the
bench names. implicit asks for one BLAS thread beside its own; the EASE lines are better read with all of
them (OPENBLAS_NUM_THREADS unset).
"""

import sys
import time

import numpy as np
import pandas as pd
import scipy.sparse as sp


def figures(scores_of, train, users, held, chunk=512):
    hits = gains = 0.0
    asked = 0
    for start in range(0, len(users), chunk):
        rows = users[start : start + chunk]
        scores = np.array(scores_of(rows))
        for own, user, item in zip(scores, rows, held[start : start + chunk]):
            seen = train.indices[train.indptr[user] : train.indptr[user + 1]]
            if item in seen:
                continue
            asked += 1
            own[seen] = -np.inf
            above, equal = int((own > own[item]).sum()), int((own == own[item]).sum())
            rank = above + 1 + (equal - 1) // 2
            if rank <= 10:
                hits += 1
                gains += 1 / np.log2(1 + rank)
    return hits / asked, gains / asked, asked


def median(run, count=3):
    seconds = []
    for _ in range(count):
        started = time.perf_counter()
        out = run()
        seconds.append(time.perf_counter() - started)
    return sorted(seconds)[count // 2], out


def main():
    data = pd.read_csv(sys.argv[1], sep="\t", header=0, names=["user", "item", "rating", "time"])
    data["user"] = data["user"].astype("category").cat.codes
    data["item"] = data["item"].astype("category").cat.codes
    data = data.sort_values(["user", "time"], kind="stable")
    last = data.groupby("user").tail(1)
    rest = data.drop(last.index)
    shape = (data["user"].max() + 1, data["item"].max() + 1)
    train = sp.csr_matrix((np.ones(len(rest), np.float32), (rest["user"], rest["item"])), shape=shape)
    train.sum_duplicates()
    binary = train.copy()
    binary.data[:] = 1
    users, held = last["user"].to_numpy(), last["item"].to_numpy()
    print(shape, train.nnz, "pairs")

    def ease():
        gram = (binary.T @ binary).toarray().astype(np.float32)
        gram[np.diag_indices_from(gram)] += 500.0
        inverse = np.linalg.inv(gram)
        weights = -inverse / np.diag(inverse)
        np.fill_diagonal(weights, 0.0)
        return weights

    def tell(name, fit, listed, of):
        hits, gain, asked = of
        print(
            f"{name}: fit {fit:.3f} s, everyone's ten {listed:.3f} s, "
            f"HR@10 {hits:.4f} NDCG@10 {gain:.4f} of {asked} customers"
        )

    fit, weights = median(ease)

    def everyone():
        for start in range(0, shape[0], 1024):
            part = binary[start : start + 1024]
            scores = part @ weights
            scores[part.nonzero()] = -np.inf
            np.argpartition(-scores, 10, axis=1)

    listed, _ = median(everyone)
    tell("ease (numpy)", fit, listed, figures(lambda rows: binary[rows] @ weights, binary, users, held))

    from implicit.als import AlternatingLeastSquares

    # implicit's confidence is the value itself; ours is 1 + α times taken, with α = 1.
    confidence = train.copy()
    confidence.data = 1 + confidence.data

    def als():
        model = AlternatingLeastSquares(
            factors=64, regularization=10.0, alpha=1.0, iterations=15, random_state=1
        )
        model.fit(confidence, show_progress=False)
        return model

    fit, model = median(als)
    x, y = np.asarray(model.user_factors), np.asarray(model.item_factors)
    listed, _ = median(lambda: model.recommend(np.arange(shape[0]), confidence, N=10))
    tell("als (implicit)", fit, listed, figures(lambda rows: x[rows] @ y.T, binary, users, held))


main()
