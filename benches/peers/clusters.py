"""scikit-learn on the points that `benches/clusters.rs` wrote: `python clusters.py FOLDER`."""

import pathlib
import sys
import time

import numpy as np
import sklearn
from sklearn.cluster import KMeans

points = np.fromfile(pathlib.Path(sys.argv[1]) / "points.f64").reshape(-1, 10)
print("scikit-learn", sklearn.__version__, points.shape)
for k in (8, 5):
    began = time.perf_counter()
    model = KMeans(k, n_init=5, random_state=0).fit(points)
    print(f"k = {k}, best of 5: {time.perf_counter() - began:.2f} s, inertia {model.inertia_:.0f}")
