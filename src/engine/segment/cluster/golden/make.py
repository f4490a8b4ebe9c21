"""Figures of scikit-learn for src/engine/segment/cluster/golden/figures.json, which the unit tests compare
with. Made once: `python make.py > figures.json`; the versions are in the file."""

import json
import numpy as np
import sklearn
from sklearn import metrics
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.manifold import trustworthiness
from sklearn.mixture import GaussianMixture

rng = np.random.default_rng(20261128)


def lst(a):
    return np.asarray(a, dtype=float).round(12).tolist()


def case(name, x, labels, other=None):
    x = np.asarray(lst(x))
    out = {"name": name, "width": x.shape[1], "points": x.ravel().tolist(), "labels": [int(v) for v in labels]}
    out["silhouette"] = float(metrics.silhouette_score(x, labels))
    out["silhouette_l1"] = float(metrics.silhouette_score(x, labels, metric="cityblock"))
    out["calinski_harabasz"] = float(metrics.calinski_harabasz_score(x, labels))
    out["davies_bouldin"] = float(metrics.davies_bouldin_score(x, labels))
    other = rng.integers(0, 3, len(labels)) if other is None else other
    out["other"] = [int(v) for v in other]
    out["adjusted_rand"] = float(metrics.adjusted_rand_score(labels, other))
    return out


cases = []
x = rng.normal(size=(60, 3)) + np.repeat([[0, 0, 0], [4, 0, 1], [0, 5, 2]], 20, axis=0)
cases.append(case("three groups", x, np.repeat([0, 1, 2], 20), np.repeat([2, 0, 1], 20)))
cases.append(case("random labels", rng.normal(size=(50, 4)), rng.integers(0, 5, 50)))
cases.append(case("one alone", np.vstack([rng.normal(size=(20, 2)), [[9, 9]]]), [0] * 10 + [1] * 10 + [2]))
ties = np.repeat(rng.integers(0, 3, (10, 2)), 4, axis=0)
cases.append(case("ties", ties, np.arange(40) % 3))
cases.append(case("all of a group equal", np.repeat([[0.0, 0], [1, 2]], 6, axis=0), [0] * 6 + [1] * 6))
cases.append(case("equal centres", [[1.0, 0], [-1, 0], [0, 1], [0, -1], [3, 3], [5, 5]], [0, 0, 1, 1, 2, 2]))
cases.append(case("gaps in labels", rng.normal(size=(24, 2)), [7] * 8 + [100] * 8 + [3] * 8))
cases.append(case("one group against one", rng.normal(size=(8, 2)), [0, 0, 0, 0, 0, 0, 0, 1], [0] * 8))

x = np.asarray(lst(rng.normal(size=(120, 5)) * [3, 1, 2, 0.5, 1] @ rng.normal(size=(5, 5))))
flat = PCA(2).fit_transform(x)
pca = PCA(5).fit(x)
maps = {"width": 5, "points": x.ravel().tolist(), "map": lst(flat).copy(), "k": 7}
maps["map"] = np.asarray(lst(flat)).ravel().tolist()
maps["trustworthiness"] = float(trustworthiness(x, np.asarray(maps["map"]).reshape(-1, 2), n_neighbors=7))
bad = np.asarray(lst(rng.normal(size=(120, 2))))
maps["bad_map"] = bad.ravel().tolist()
maps["bad_trustworthiness"] = float(trustworthiness(x, bad, n_neighbors=7))
maps["explained"] = pca.explained_variance_ratio_.tolist()
maps["axes"] = np.abs(pca.components_).ravel().tolist()

# k-means and a mixture on groups that are apart enough for one best answer.
x = np.asarray(lst(np.vstack([rng.normal(m, 1, size=(80, 3)) for m in ([0, 0, 0], [6, 0, 0], [0, 7, 1], [5, 5, 5])])))
km = {"width": 3, "points": x.ravel().tolist(), "inertia": {}}
for k in range(2, 7):
    km["inertia"][str(k)] = float(KMeans(k, n_init=50, random_state=0, tol=1e-8).fit(x).inertia_)
gm = GaussianMixture(4, n_init=5, random_state=0, tol=1e-9, max_iter=2000).fit(x)
km["mixture"] = {
    "weights": gm.weights_.tolist(),
    "means": gm.means_.ravel().tolist(),
    "covariances": [c.ravel().tolist() for c in gm.covariances_],
    "bic": float(gm.bic(x)),
    "log_likelihood": float(gm.score_samples(x).sum()),
}

print(json.dumps({
    "scikit_learn": sklearn.__version__,
    "numpy": np.__version__,
    "cases": cases,
    "map": maps,
    "kmeans": km,
}))
