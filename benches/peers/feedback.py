"""Moods by scikit-learn with jieba on the comments that benches/feedback.rs writes: python feedback.py FILE.

TF-IDF of jieba words (sublinear, min_df 2) and LogisticRegression(C=10), learnt from the first 10,000 comments;
prints seconds of one fit, and of the moods of all comments.
"""

import csv
import sys
import time

import jieba
import sklearn
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

with open(sys.argv[1], encoding="utf-8", newline="") as file:
    rows = list(csv.reader(file))[1:]
labels, texts = [row[0] for row in rows], [row[1] for row in rows]
jieba.initialize()
started = time.perf_counter()
vectors = TfidfVectorizer(tokenizer=jieba.lcut, token_pattern=None, sublinear_tf=True, min_df=2)
model = LogisticRegression(C=10, max_iter=1000)
model.fit(vectors.fit_transform(texts[:10_000]), labels[:10_000])
print(f"one fit {time.perf_counter() - started:.1f} s")
seconds = []
for _ in range(int(sys.argv[2]) if len(sys.argv) > 2 else 2):
    started = time.perf_counter()
    told = model.predict_proba(vectors.transform(texts))
    seconds.append(time.perf_counter() - started)
seconds.sort()
print(f"scikit-learn {sklearn.__version__}, jieba {jieba.__version__}, {len(texts)} comments: "
      f"best {seconds[0]:.1f} s, median {seconds[len(seconds) // 2]:.1f} s")
