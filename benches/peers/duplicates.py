"""Duplicate customers with recordlinkage and dedupe, for comparison with our search.

    pip install recordlinkage pypinyin nicknames dedupe "BTrees<6"
    python duplicates.py LIST.csv [recordlinkage|dedupe] [WINDOW of sorted neighbours, 9]

LIST.csv is written by our ignored test `growth` with REGULARS_PLANTED_OUT: name, email, phone,
address, postcode, born, who. Or it is `febrl:3`, the list of that number that comes with
recordlinkage; it is also written to /tmp/febrl_3.csv for our ignored test `known_list`.

Both are given what an owner does not have: thresholds are the best for this very list by the truth
(best F1), and what learns, learns from 1,000 pairs with true answers. Seconds count from the table
in memory to the compared pairs; what a classifier takes is told beside it. The processor's seconds
count the start of Python too. A pair of rows is right if `who` is equal. "Links" are the pairs as
classified (our "sure"), "merged" all pairs within connected groups of them (dedupe: within its
clusters), which is what our test calls merged.
"""
import io
import json
import re
import resource
import sys
import time
import unicodedata

import numpy as np
import pandas as pd
from nicknames import NickNamer
from pypinyin import lazy_pinyin

NICK = NickNamer()
SURNAMES_SPOKEN = set(lazy_pinyin("王李张刘陈杨赵黄周吴徐孙胡朱高林单曾")) | {"ouyang", "shan", "zeng"}
STREETS = [(r"\bst\b|\bstreet\b", "street"), (r"\bave?\b|\bavenue\b", "avenue"), (r"stra(ss|ß)e\b|str\b", "strasse")]


def folded(text):
    text = unicodedata.normalize("NFKD", text.lower())
    text = "".join(c for c in text if not unicodedata.combining(c))
    return re.sub(r"\s+", " ", re.sub(r"[^\w ]+", " ", text)).strip()


def name(text):
    """Given name and surname: "Smith, Ada", middle initials, short forms, Chinese in pinyin."""
    if any("\u4e00" <= c <= "\u9fff" for c in text):
        spoken = lazy_pinyin(text.strip())
        return "".join(spoken[1:]), spoken[0]
    words = folded(text).split()
    if "," in text:
        surname, _, given = text.partition(",")
        words = folded(given).split() + folded(surname).split()
    elif text.isupper() and len(words) == 2 and words[0] in SURNAMES_SPOKEN:
        words.reverse()  # "WANG XIAOMING"
    if not words:
        return "", ""
    return min(NICK.canonicals_of(words[0]) or {words[0]}), words[-1]


def email(text):
    user, _, host = text.lower().strip().partition("@")
    return f"{user.split('+')[0]}@{host.replace('.con', '.com') if host.endswith('.con') else host}" if host else ""


def address(text):
    text = folded(text)
    for pattern, word in STREETS:
        text = re.sub(pattern, word, text)
    return text


def cleaned(raw):
    """What somebody does who has looked at the list: cases, accents, order of names, fillers."""
    out = pd.DataFrame(index=raw.index)
    names = raw["name"].map(name)
    out["given"], out["surname"] = names.str[0], names.str[1]
    out["written"] = raw["name"].map(folded)
    out["whole"] = out["surname"] + " " + out["given"]
    out["email"] = raw["email"].map(email)
    shared = out["email"].map(out["email"].value_counts()) > 20
    out.loc[shared, "email"] = ""
    out["user"] = out["email"].str.split("@").str[0]
    out["phone"] = raw["phone"].str.replace(r"\D", "", regex=True).str[-9:]
    out["address"] = raw["address"].map(address)
    out["house"] = out["address"].str.extract(r"(\d+)")[0].fillna("")
    out["postcode"] = raw["postcode"].str.strip()
    out["born"] = raw["born"].str.strip()
    return out.mask(out == "")


def truth(who):
    groups = pd.Series(np.arange(len(who))).groupby(np.asarray(who)).indices
    return pairs_of(groups.values())


def pairs_of(groups):
    found = [(a, b) if a < b else (b, a) for rows in groups if len(rows) > 1
             for i, a in enumerate(rows) for b in rows[i + 1:]]
    return keys(*np.array(found, dtype=np.int64).reshape(-1, 2).T)


def keys(a, b):
    return np.minimum(a, b).astype(np.int64) * 2**32 + np.maximum(a, b)


def tell(what, found, true):
    right = np.isin(found, true, assume_unique=True).sum()
    precision, recall = right / max(len(found), 1), right / len(true)
    f1 = 2 * precision * recall / max(precision + recall, 1e-9)
    print(f"  {what}: {len(found)} pairs, precision {precision:.4f}, recall {recall:.4f}, F1 {f1:.4f}", flush=True)


def connected(found, height):
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    a, b = found >> 32, found & (2**32 - 1)
    graph = coo_matrix((np.ones(len(a), dtype=bool), (a, b)), shape=(height, height))
    label = connected_components(graph, directed=False)[1]
    return pairs_of(pd.Series(np.arange(height)).groupby(label).indices.values())


def best(score, is_true, count, wanted=0.0):
    """The threshold of the best F1 (or of the best recall at a precision of `wanted`)."""
    order = np.argsort(-score, kind="stable")
    right = np.cumsum(is_true[order])
    number = np.arange(1, len(order) + 1)
    last = np.append(score[order][1:] != score[order][:-1], True)
    precision, recall = right / number, right / count
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-9)
    value = np.where(last & (precision >= wanted), recall if wanted else f1, -1)
    return score[order][value.argmax()]


def peak():
    return max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1024


def index_planted(table, window):
    import recordlinkage as rl

    index = rl.Index()
    index.sortedneighbourhood("whole", window=window)
    for column in ("email", "user", "phone", "address", "postcode", "born"):
        index.block(column)
    return index.index(table)


def compare_planted():
    import recordlinkage as rl

    compare = rl.Compare()
    for column, method in [("given", "jarowinkler"), ("surname", "jarowinkler"), ("written", "jarowinkler"),
                           ("user", "jarowinkler"), ("phone", "levenshtein"), ("address", "jarowinkler")]:
        compare.string(column, column, method=method, missing_value=np.nan, label=column)
    for column in ("house", "postcode", "born"):
        compare.exact(column, column, missing_value=np.nan, label=column)
    return compare


def index_febrl(table, window):
    import recordlinkage as rl

    index = rl.Index()
    index.sortedneighbourhood("surname", window=window)
    for column in ("given_name", "date_of_birth", "address_1", "postcode"):
        index.block(column)
    return index.index(table)


def compare_febrl():
    import recordlinkage as rl

    compare = rl.Compare()
    for column in ("given_name", "surname", "address_1", "address_2", "suburb"):
        compare.string(column, column, method="jarowinkler", missing_value=np.nan, label=column)
    for column in ("street_number", "postcode", "date_of_birth"):
        compare.exact(column, column, missing_value=np.nan, label=column)
    return compare


def by_recordlinkage(raw, who, febrl, window):
    import recordlinkage as rl

    true = truth(who)
    started = time.time()
    table = (raw.mask(raw == "") if febrl else cleaned(raw)).reset_index(drop=True)
    clean_s = time.time() - started
    pairs = (index_febrl if febrl else index_planted)(table, window)
    index_s = time.time() - started - clean_s
    print(f"  cleaned {clean_s:.1f} s, {len(pairs)} pairs to compare after {index_s:.1f} s more", flush=True)
    features = (compare_febrl if febrl else compare_planted)().compute(pairs, table)
    seconds = time.time() - started
    key = keys(*(pairs.get_level_values(at).to_numpy() for at in (0, 1)))
    is_true = np.isin(key, true)
    print(f"recordlinkage: {len(raw)} rows, {len(true)} true pairs: {len(pairs)} pairs compared, {seconds:.1f} s "
          f"(cleaning {clean_s:.1f}, pairs {index_s:.1f}), {processor():.1f} s of the processor, peak {peak():.0f} MiB; "
          f"{is_true.sum() / len(true):.4f} of the true pairs compared", flush=True)

    def judge(what, score, began):
        spent = time.time() - began
        for goal, wanted in (("best F1", 0.0), ("best recall at precision 0.97", 0.97)):
            least = best(score, is_true, len(true), wanted)
            found = key[score >= least]
            tell(f"{what} >= {least:.4f} ({goal}; {spent:.1f} s more), links", found, true)
            tell("  the same, merged", connected(found, len(raw)), true)

    began = time.time()
    judge("sum, missing 0", features.fillna(0).sum(axis=1).to_numpy(), began)
    began = time.time()
    judge("sum, missing 0.5", features.fillna(0.5).sum(axis=1).to_numpy(), began)
    # ECM: no answers at all; it wants yes and no, a missing value is no. Of the levels and columns
    # that were tried this is the best by the truth.
    began = time.time()
    alike = (features.drop(columns=["written", "house"], errors="ignore") >= (0.9 if febrl else 0.8)).astype(int)
    model = rl.ECMClassifier()
    links = model.fit_predict(alike)
    spent = time.time() - began
    found = keys(*(links.get_level_values(at).to_numpy() for at in (0, 1)))
    tell(f"ECM without answers ({spent:.1f} s more), links", found, true)
    tell("  the same, merged", connected(found, len(raw)), true)
    judge("ECM, minus log of no", np.round(-model.kernel.predict_log_proba(alike.to_numpy())[:, 0], 6), began)
    # 1,000 true answers: half at random (half of them yes), half where the first answers leave doubt.
    from sklearn.ensemble import RandomForestClassifier

    began = time.time()
    random = np.random.default_rng(1)
    given = features.fillna(-1).to_numpy()
    asked = np.concatenate([random.choice(np.flatnonzero(is_true == yes), 250, False) for yes in (True, False)])
    some = np.arange(len(key)) if len(key) < 300_000 else random.choice(len(key), 300_000, False)
    for _ in range(5):
        forest = RandomForestClassifier(200, min_samples_leaf=2, n_jobs=2, random_state=1).fit(given[asked], is_true[asked])
        doubt = np.abs(forest.predict_proba(given[some])[:, 1] - 0.5)
        doubt[np.isin(some, asked)] = 1
        asked = np.append(asked, some[np.argsort(doubt, kind="stable")[:100]])
    forest = RandomForestClassifier(200, min_samples_leaf=2, n_jobs=2, random_state=1).fit(given[asked], is_true[asked])
    chance = forest.predict_proba(given)[:, 1]
    judge("random forest told 1,000 answers", chance, began)
    tell("  at its usual 0.5, links", key[chance >= 0.5], true)
    tell("  the same, merged", connected(key[chance >= 0.5], len(raw)), true)
    began = time.time()
    learner = rl.LogisticRegressionClassifier()
    full = pd.concat([features.fillna(0.5), features.isna().add_suffix(" missing").astype(float)], axis=1)
    learner.fit(full.iloc[asked], pairs[asked][is_true[asked]])
    judge("logistic regression told the same answers", learner.prob(full).to_numpy(), began)


def processor():
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used)


def by_dedupe(raw, who, febrl, window):
    import dedupe
    from dedupe import variables as v

    true = truth(who)
    started = time.time()
    if febrl:
        table = raw.mask(raw == "").drop(columns=["state"])
        fields = [v.String(c, has_missing=True) for c in ("given_name", "surname", "address_1", "address_2", "suburb")]
        fields += [v.ShortString(c, has_missing=True) for c in ("street_number", "postcode", "date_of_birth")]
    else:
        table = cleaned(raw).drop(columns=["user", "house", "written", "whole"])
        fields = [v.String("given", has_missing=True), v.String("surname", has_missing=True), v.String("email", has_missing=True), v.String("address", has_missing=True)]
        fields += [v.ShortString(c, has_missing=True) for c in ("phone", "postcode", "born")]
    table = table.reset_index(drop=True).astype(object)
    data = dict(enumerate(table.where(table.notna(), None).to_dict("records")))
    # 500 true pairs, 500 others that share something, with their true answers.
    random = np.random.default_rng(1)
    asked = (index_febrl if febrl else index_planted)(raw.mask(raw == "").reset_index(drop=True) if febrl else cleaned(raw).reset_index(drop=True), 3)
    asked = keys(*(asked.get_level_values(at).to_numpy() for at in (0, 1)))
    others = random.choice(asked[~np.isin(asked, true)], 500, False)
    same = random.choice(true, min(500, len(true)), False)
    couples = lambda found: [(data[int(k >> 32)], data[int(k & (2**32 - 1))]) for k in found]
    search = dedupe.Dedupe(fields, num_cores=2)
    answers = io.StringIO(json.dumps({"match": couples(same), "distinct": couples(others)}))
    search.prepare_training(data, training_file=answers)
    search.train(recall=0.95, index_predicates=True)
    trained = time.time() - started
    print(f"  trained after {trained:.1f} s", flush=True)
    compared = 0

    def counted(pairs):
        nonlocal compared
        for pair in pairs:
            compared += 1
            yield pair

    scores = search.score(counted(search.pairs(data)))
    default = list(search.cluster(scores, 0.5))
    seconds = time.time() - started
    ids, chance = scores["pairs"].astype(np.int64), np.array(scores["score"])
    key = keys(ids[:, 0], ids[:, 1])
    is_true = np.isin(key, true)
    print(f"dedupe: {len(raw)} rows, {len(true)} true pairs: {compared} pairs compared, {seconds:.1f} s "
          f"(to the trained model {trained:.1f}), peak {peak():.0f} MiB a process; {is_true.sum() / len(true):.4f} of the true pairs compared")
    tell("clusters at its usual threshold 0.5, merged", pairs_of([sorted(map(int, rows)) for rows, _ in default]), true)
    for what, wanted in (("best F1", 0.0), ("best recall at precision 0.97", 0.97)):
        least = best(chance, is_true, len(true), wanted)
        tell(f"pairs of probability >= {least:.4f} ({what}), links", key[chance >= least], true)
    clusters = [(t, pairs_of([sorted(map(int, rows)) for rows, _ in search.cluster(scores, t)])) for t in (0.1, 0.2, 0.3, 0.4, 0.6, 0.7, 0.8, 0.9)]
    f1 = [2 * np.isin(found, true).sum() / (len(found) + len(true)) for _, found in clusters]
    threshold, found = clusters[int(np.argmax(f1))]
    tell(f"clusters at {threshold} (best F1 of eight other thresholds), merged", found, true)


def main():
    what, how = sys.argv[1], (sys.argv[2:] or ["recordlinkage"])[0]
    window = int((sys.argv[3:] or ["9"])[0])
    febrl = what.startswith("febrl:")
    if febrl:
        from recordlinkage import datasets

        number = what.split(":")[1]
        raw = getattr(datasets, f"load_febrl{number}")().reset_index()
        raw["who"] = raw["rec_id"].str.extract(r"rec-(\d+)-")[0].astype(int)
        raw = raw.drop(columns=["rec_id", "soc_sec_id"]).fillna("").astype(str)
        raw.to_csv(f"/tmp/febrl_{number}.csv", index=False)
    else:
        started = time.time()
        raw = pd.read_csv(what, dtype=str, keep_default_na=False)
        print(f"read in {time.time() - started:.1f} s")
    who = raw.pop("who").to_numpy()
    {"recordlinkage": by_recordlinkage, "dedupe": by_dedupe}[how](raw, who, febrl, window)


if __name__ == "__main__":
    main()
