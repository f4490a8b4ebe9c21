#!/usr/bin/env python3
"""The folds of shared/data/REFERENCE.md for the Chinese reviews, one digit a review (blank ones left out):
StratifiedKFold(5, shuffle=True, random_state=0). Made once:
    python tests/golden/folds.py DATA > /dev/null
with numpy 2.x and scikit-learn 1.x (versions are printed); the draw has been the same since scikit-learn 0.22."""
import csv, os, sys
import numpy, sklearn
from sklearn.model_selection import StratifiedKFold

here = os.path.dirname(os.path.abspath(__file__))
for source, out in [("waimai_10k.csv", "folds_waimai.txt"), ("ChnSentiCorp_htl_all.csv", "folds_hotel.txt")]:
    with open(os.path.join(sys.argv[1], "chinese-reviews", source), encoding="utf-8") as file:
        labels = [row[0] for row in list(csv.reader(file))[1:] if row[1].strip()]
    fold = numpy.zeros(len(labels), dtype=int)
    splits = StratifiedKFold(5, shuffle=True, random_state=0).split(numpy.zeros(len(labels)), labels)
    for at, (_, test) in enumerate(splits):
        fold[test] = at
    with open(os.path.join(here, out), "w") as file:
        file.write("".join(map(str, fold)) + "\n")
print("numpy", numpy.__version__, "scikit-learn", sklearn.__version__)
