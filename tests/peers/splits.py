"""Folds of `data split` beside those of scikit-learn's splitters, and purging beside its definition, row by row.

    python tests/peers/splits.py BINNACLE WORKSPACE
"""
import csv
import io
import json
import subprocess
import sys

import numpy as np
from sklearn.model_selection import (GroupKFold, KFold, LeaveOneGroupOut, StratifiedGroupKFold, StratifiedKFold,
                                     TimeSeriesSplit)
from sklearn.utils.class_weight import compute_class_weight

BINNACLE, WORKSPACE = sys.argv[1:3]
bad = 0


def run(*words):
    return subprocess.run([BINNACLE, "-C", WORKSPACE, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          check=True, text=True).stdout


def check(name, good, *said):
    global bad
    print("ok" if good else "not ok", name, *([] if good else said))
    bad += not good


def folds(*words):
    """{fold: (train ids, test ids)}"""
    found = {}
    for item in json.loads(run("data", "split", "rows", "--json", "--no-leaks", *words))["items"]:
        text = run("data", "head", f"{item['name']}@v{item['version']}", "--rows", "1000000", "--columns", "id", "--json")
        ids = np.array(sorted(int(r["id"]) for r in json.loads(text)["items"]))
        found.setdefault(item["fold"], {})[item["part"]] = ids
    return {f: (p["train"], p["test"]) for f, p in found.items()}


def apart(name, parts, n, times=1):
    tests = np.concatenate([b for _, b in parts.values()])
    check(f"{name}: each row is tested once", sorted(tests) == sorted(list(range(n)) * times))
    check(f"{name}: train and test cover all", all(
        not set(a) & set(b) and len(a) + len(b) == n for a, b in parts.values()))


def off(parts, of_class, k):
    """How far the classes of the tests are from their shares, relative to the classes."""
    counts = np.bincount(of_class)
    return sum(abs(np.bincount(of_class[b], minlength=len(counts)) - counts / k) / counts for b in parts).sum()


rng = np.random.default_rng(7)
n = 3000
group = np.floor(np.sqrt(rng.integers(0, 80 * 80, n))).astype(int)
label = (group + rng.integers(0, 4, n)) % 3
label[rng.random(n) < 0.01] = 3
event = np.cumsum(rng.integers(1, 9, n))
end = event + rng.integers(1, 400, n)
text = io.StringIO()
out = csv.writer(text)
out.writerow(["id", "g", "c", "t", "e"])
out.writerows(zip(range(n), group, [f"c{x}" for x in label], event, end))
subprocess.run([BINNACLE, "-C", WORKSPACE, "data", "add", "rows", "-", "-q"], input=text.getvalue(), text=True, check=True,
               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
zeros = np.zeros(n)

for k in (2, 5, 10):
    ours = folds("--folds", str(k))
    apart(f"random, {k} folds", ours, n)
    check(f"random, {k} folds: sizes of KFold", sorted(len(b) for _, b in ours.values()) == sorted(
        len(b) for _, b in KFold(k, shuffle=True, random_state=0).split(zeros)))

ours = folds("--how", "stratified", "--by", "c", "--folds", "5")
apart("stratified", ours, n)
peer = [b for _, b in StratifiedKFold(5, shuffle=True, random_state=0).split(zeros, label)]
spread = lambda parts: max(np.ptp([np.sum(label[b] == c) for b in parts]) for c in range(4))
check("stratified: classes as even as StratifiedKFold's", spread([b for _, b in ours.values()]) <= spread(peer),
      spread([b for _, b in ours.values()]), spread(peer))

ours = folds("--how", "group", "--by", "g", "--folds", "5")
apart("group", ours, n)
check("group: none is in two parts", all(not set(group[a]) & set(group[b]) for a, b in ours.values()))
sizes = lambda parts: max(abs(len(b) - n / 5) for b in parts)
peer = [b for _, b in GroupKFold(5).split(zeros, groups=group)]
check("group: sizes as even as GroupKFold's", sizes([b for _, b in ours.values()]) <= sizes(peer),
      sizes([b for _, b in ours.values()]), sizes(peer))

ours = folds("--how", "stratified-group", "--by", "c", "--group", "g", "--folds", "5")
apart("stratified-group", ours, n)
check("stratified-group: none is in two parts", all(not set(group[a]) & set(group[b]) for a, b in ours.values()))
peer = [b for _, b in StratifiedGroupKFold(5).split(zeros, label, group)]
mine = off([b for _, b in ours.values()], label, 5)
check("stratified-group: shares at least as near as StratifiedGroupKFold's", mine <= off(peer, label, 5), mine,
      off(peer, label, 5))
print(f"NOTE: distance of classes from their shares: {mine:.3f}, StratifiedGroupKFold {off(peer, label, 5):.3f}; rows "
      f"{sizes([b for _, b in ours.values()]):.0f} and {sizes(peer):.0f} off")

ours = folds("--how", "group", "--by", "g", "--folds", "each", "--where", "g < 20")
few = np.flatnonzero(group < 20)
peer = {tuple(few[b]) for _, b in LeaveOneGroupOut().split(few, groups=group[few])}
check("each group: the tests of LeaveOneGroupOut", {tuple(b) for _, b in ours.values()} == peer)

for k in (3, 7):
    ours = folds("--how", "expanding", "--by", "t", "--folds", str(k))
    peer = list(TimeSeriesSplit(k).split(zeros))
    check(f"expanding, {k} folds: TimeSeriesSplit", all(
        np.array_equal(ours[i + 1][0], a) and np.array_equal(ours[i + 1][1], b) for i, (a, b) in enumerate(peer)))
ours = folds("--how", "rolling", "--by", "t", "--folds", "5", "--window", "2")
peer = list(TimeSeriesSplit(5, max_train_size=1000).split(zeros))
check("rolling: TimeSeriesSplit with max_train_size", all(
    np.array_equal(ours[i + 1][0], a) and np.array_equal(ours[i + 1][1], b) for i, (a, b) in enumerate(peer)))

for embargo in (0, 2):
    ours = folds("--how", "temporal", "--by", "t", "--end", "e", "--folds", "6", "--embargo", f"{embargo}%")
    good = True
    for i, test in enumerate(np.array_split(np.arange(n), 6)):
        train, tested = ours[i + 1]
        begin, last = event[test[0]], end[test].max()
        banned = set(np.flatnonzero(event >= last)[:n * embargo // 100])
        want = [r for r in range(n) if r not in banned and (r < test[0] or r > test[-1]) and
                not (end[r] > begin and event[r] < last)]
        good = good and np.array_equal(test, tested) and want == list(train)
    check(f"purged, embargo {embargo} %: row by row", good)

words = np.array([f"c{x}" for x in label])
want = dict(zip(np.unique(words), compute_class_weight("balanced", classes=np.unique(words), y=words)))
shown = {i["value"]: i["weight"] for i in json.loads(run("data", "balance", "rows", "c", "--json"))["items"]}
check("weights: compute_class_weight", all(abs(shown[c] - want[c]) < 1e-12 for c in want), shown, want)

sys.exit(bad > 0)
