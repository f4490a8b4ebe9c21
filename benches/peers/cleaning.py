"""The default recipe's steps in pandas, from file to file: `python cleaning.py IN.csv OUT.csv`.

The same steps as `regulars clean IN.csv --out OUT.csv`: cells as text, marks for "no value", types,
dates, repeated rows, impossible values, spellings of categories, holes filled with an indicator.
"""
import resource
import sys
import time

import pandas as pd

started = time.time()
marks = ["", "na", "n/a", "#n/a", "nan", "null", "none", "nil", "-", "--", "?"]
frame = pd.read_csv(sys.argv[1], dtype=str, keep_default_na=False)
read = time.time() - started
for name in frame.columns:
    text = frame[name].str.strip()
    frame[name] = text.mask(text.str.lower().isin(marks))
numbers, dates = [], []
for name in frame.columns:
    head = frame[name].dropna().head(1000)
    if pd.to_numeric(head, errors="coerce").notna().mean() > 0.9:
        frame[name] = pd.to_numeric(frame[name], errors="coerce")
        numbers.append(name)
    elif pd.to_datetime(head, errors="coerce", format="ISO8601").notna().mean() > 0.9:
        frame[name] = pd.to_datetime(frame[name], errors="coerce", format="ISO8601")
        dates.append(name)
frame = frame.drop_duplicates()
for name in numbers:
    frame[name] = frame[name].where(frame[name].abs() < 1e15)
for name in frame.columns.difference(numbers + dates):
    if frame[name].nunique() < 200:
        folded = frame[name].str.strip().str.casefold()
        usual = frame.groupby(folded)[name].agg(lambda values: values.value_counts().index[0])
        frame[name] = folded.map(usual).fillna("(missing)")
for name in numbers:
    holes = frame[name].isna()
    if holes.mean() >= 0.01:
        frame[f"{name} missing"] = holes.astype(float)
    frame[name] = frame[name].fillna(frame[name].median())
cleaned = time.time() - started
frame.to_csv(sys.argv[2], index=False)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(f"pandas: read {read:.2f} s, cleaned {cleaned:.2f} s, written {time.time() - started:.2f} s, peak {peak:.0f} MB")
