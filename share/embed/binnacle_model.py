"""Predicts with a model folder of Binnacle: Python and NumPy alone, and no Binnacle.

    import mlflow.pyfunc
    model = mlflow.pyfunc.load_model("power-3")        # what `binnacle model export power/3 power-3` wrote
    model.predict(frame)                               # prediction, and probability_CLASS of a classifier

or without MLflow, with this file's folder on sys.path:

    import binnacle_model
    binnacle_model.load("power-3").predict(frame)

A frame is a pandas.DataFrame, or a dict of columns. Columns are matched by name, others are ignored. What is missing
is filled as in training, a category that training never saw is none of the known. A column of vectors holds a list or an
array in each row, or the text of a list, as pandas reads it from CSV; or its elements are columns (x[0], x[1]). A cell
that pandas has made a number of (007 became 7) is the category of that value, where there is one alone. The published
files are all that is read: features.json (what becomes of each column) and model.safetensors (the weights).
"""
import datetime
import decimal
import json
import math
import numbers
import os
import struct

import numpy as np

_TYPES = {"F64": "<f8", "F32": "<f4", "I64": "<i8", "I32": "<i4"}


def _tensors(path):
    """The tensors of a safetensors file, by name."""
    with open(path, "rb") as f:
        data = f.read()
    (n,) = struct.unpack("<Q", data[:8])
    head = json.loads(data[8 : 8 + n])
    out = {}
    for name, t in head.items():
        if name == "__metadata__":
            continue
        begin, end = t["data_offsets"]
        out[name] = np.frombuffer(data[8 + n + begin : 8 + n + end], _TYPES[t["dtype"]]).reshape(t["shape"])
    return out


def _is_missing(v):
    # None, NaN, NaT and pandas.NA: all except None do not equal themselves, or cannot be compared.
    if v is None:
        return True
    try:
        return bool(v != v)
    except TypeError:
        return True


def _instant(text):
    """Nanoseconds since 1970 of an ISO 8601 time; UTC without a zone."""
    text = text.strip().replace("Z", "+00:00")
    head, dot, tail = text.partition(".")
    zone = ""
    if dot:
        digits = len(tail) - len(tail.lstrip("0123456789"))
        digits, zone = tail[:digits], tail[digits:]
    else:
        digits = ""
    t = datetime.datetime.fromisoformat(head + zone)
    if t.tzinfo is None:
        t = t.replace(tzinfo=datetime.timezone.utc)
    d = t - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
    whole = (d.days * 86400 + d.seconds) * 1000000000
    return whole + int((digits + "000000000")[:9])


def _clock(text):
    """Nanoseconds since midnight of 09:30:15.5."""
    t = datetime.time.fromisoformat(text.strip())
    return ((t.hour * 60 + t.minute) * 60 + t.second) * 1000000000 + t.microsecond * 1000


def _of_text(text, kind):
    text = text.strip()
    if not text:
        return math.nan
    if kind == "timestamp":
        return float(_instant(text))
    if kind == "date":
        return float((datetime.date.fromisoformat(text) - datetime.date(1970, 1, 1)).days)
    if kind == "time":
        return float(_clock(text))
    if kind == "bool" and text.lower() in ("true", "false"):
        return float(text.lower() == "true")
    return float(text)


def _of_object(v, kind):
    """The number that training would use for a cell."""
    if _is_missing(v):
        return math.nan
    if isinstance(v, str):
        return _of_text(v, kind)
    if isinstance(v, datetime.datetime):
        return float(_instant(v.isoformat()))
    if isinstance(v, datetime.date):
        return float((v - datetime.date(1970, 1, 1)).days)
    if isinstance(v, datetime.time):
        return float(_clock(v.isoformat()))
    return float(v)


def _numbers(name, column, kind):
    a = np.asarray(column)
    if a.dtype.kind == "M":
        unit = "D" if kind == "date" else "ns"
        out = a.astype("datetime64[%s]" % unit).astype(np.int64).astype(np.float64)
        out[np.isnat(a)] = np.nan
    elif a.dtype.kind == "m":
        out = a.astype("timedelta64[ns]").astype(np.int64).astype(np.float64)
        out[np.isnat(a)] = np.nan
    elif a.dtype.kind in "biuf":
        out = a.astype(np.float64)
    else:
        out = np.empty(len(a))
        for i, v in enumerate(a):
            try:
                out[i] = _of_object(v, kind)
            except (TypeError, ValueError):
                form = ", such as 2026-01-31T09:30:00Z" if kind == "timestamp" else ""
                raise ValueError("row %d, column '%s': %r is not a %s%s" % (i + 1, name, v, kind, form)) from None
    if kind == "bool":
        wrong = ~np.isnan(out) & (out != 0) & (out != 1)
        if wrong.any():
            i = int(np.argmax(wrong))
            raise ValueError("row %d, column '%s': %r is neither true nor false" % (i + 1, name, a[i]))
    if kind == "float32":
        out = out.astype(np.float32).astype(np.float64)
    return out


def _vector(name, row, v, size):
    """The numbers of a cell: a list or an array, or the JSON of a list, as in a CSV file."""
    shown = v
    if isinstance(v, str):
        try:
            v = json.loads(v) if v.strip() else None
        except ValueError:
            pass
    if getattr(v, "ndim", 0) == 1:
        v = list(np.asarray(v))
    if not isinstance(v, (list, tuple)):
        if not isinstance(v, np.ndarray) and _is_missing(v):
            return np.full(size, math.nan)
        raise ValueError("row %d, column '%s': expected a list of %d numbers, got %r" % (row, name, size, shown))
    if len(v) != size:
        raise ValueError("row %d, column '%s': %d numbers, the model takes %d" % (row, name, len(v), size))
    out = np.full(size, math.nan)
    for k, x in enumerate(v):
        if isinstance(x, (numbers.Real, decimal.Decimal)) and not isinstance(x, bool):
            out[k] = float(x)
        elif isinstance(x, np.ndarray) or not _is_missing(x):
            raise ValueError("row %d, column '%s[%d]': expected a number, got %r" % (row, name, k, x))
    return out


def _element(frame, i, vectors):
    """The column of an input: a column of the frame, or an element of a vector column. vectors: those already read."""
    if i["name"] in frame or "column" not in i:
        return frame[i["name"]]
    name, size = i["column"], i["elements"]
    if name not in vectors:
        rows = [_vector(name, row + 1, v, size) for row, v in enumerate(frame[name])]
        vectors[name] = np.array(rows).reshape(-1, size)
    return vectors[name][:, i["element"]]


class _Categories:
    def __init__(self, names, fill):
        self.fill = fill
        self.by_name = {name: i for i, name in enumerate(names)}
        self.by_value = {}
        for i, name in enumerate(names):
            try:
                value = float({"true": "1", "false": "0"}.get(name.lower(), name))
            except ValueError:
                continue
            self.by_value[value] = -1 if value in self.by_value else i

    def find(self, v):
        if _is_missing(v):
            return self.fill
        if isinstance(v, (bool, np.bool_)):
            text = "true" if v else "false"
        elif isinstance(v, (float, np.floating)) and float(v).is_integer() and abs(v) < 2**53:
            text = str(int(v))
        else:
            text = str(v)
        at = self.by_name.get(text)
        if at is None and text == "":
            return self.fill
        if at is None and not isinstance(v, str):
            at = self.by_value.get(float(v), -1)
        return -1 if at is None else at


class Model:
    def __init__(self, folder):
        with open(os.path.join(folder, "features.json"), encoding="utf-8") as f:
            self.features = json.load(f)
        self.tensors = _tensors(os.path.join(folder, "model.safetensors"))
        self.is_classifier = self.features["task"] == "classification"
        self.classes = self.features["target"].get("classes", [])
        self.labels = self._labels()

    def _labels(self):
        """Class labels as numbers if all of them are numbers."""
        try:
            numbers = [float(c) for c in self.classes]
        except ValueError:
            return self.classes
        if not all(map(math.isfinite, numbers)):
            return self.classes
        return [int(x) if x.is_integer() else x for x in numbers]

    def design(self, frame):
        """The design matrix: a row per row, a column per number or category."""
        names = list(frame.keys())
        missing = [i["name"] for i in self.features["inputs"] if i["name"] not in names and i.get("column") not in names]
        if missing:
            raise ValueError("missing column '%s'%s; the model takes %s" % (missing[0],
                " and %d more" % (len(missing) - 1) if missing[1:] else "",
                ", ".join(i["name"] for i in self.features["inputs"])))
        columns, vectors = [], {}
        for i in self.features["inputs"]:
            column = _element(frame, i, vectors)
            if i["kind"] == "category":
                known = _Categories(i["categories"], i["fill_category"])
                at = np.array([known.find(v) for v in np.asarray(column, dtype=object)], dtype=np.int64)
                columns.append((at[:, None] == np.arange(len(i["categories"]))).astype(np.float64))
            else:
                x = _numbers(i["name"], column, "bool" if i["kind"] == "boolean" else i.get("type", "float64"))
                x = np.where(np.isfinite(x), x, i["fill"])
                columns.append(((x - i["mean"]) / i["scale"])[:, None])
        return np.hstack(columns)

    def outputs(self, frame):
        """A prediction per row (regression), or a probability per row and class."""
        x, t = self.design(frame), self.tensors
        if "value" in t:  # a baseline
            y = np.tile(t["value"], (len(x), 1))
            return y if self.is_classifier else y[:, 0]
        if "layer0.weight" in t:
            z, layer = x.astype(np.float32), 0
            while "layer%d.weight" % layer in t:
                z = z @ t["layer%d.weight" % layer] + t["layer%d.bias" % layer]
                layer += 1
                if "layer%d.weight" % layer in t:
                    z = np.maximum(z, 0)
            z = z.astype(np.float64)
        else:
            z = x @ t["coef"].T + t["intercept"]
        if not self.is_classifier:
            y = z[:, 0]
            if "target.mean_scale" in t:
                y = y * t["target.mean_scale"][1] + t["target.mean_scale"][0]
            return y
        if z.shape[1] == 1:
            z = np.hstack([np.zeros_like(z), z])
        e = np.exp(z - z.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)

    def columns(self, frame):
        """The predictions as a dict of columns, as `binnacle predict` writes them."""
        y = self.outputs(frame)
        if not self.is_classifier:
            return {"prediction": y}
        answer = {"prediction": [self.labels[k] for k in y.argmax(axis=1)]}
        for k, name in enumerate(self.classes):
            answer["probability_%s" % name] = y[:, k]
        return answer

    def predict(self, frame, params=None):
        answer = self.columns(frame)
        try:
            import pandas
        except ImportError:
            return answer
        return pandas.DataFrame(answer, index=getattr(frame, "index", None))


class _PyFunc(Model):
    """The interface of mlflow.pyfunc. There are no params."""

    def predict(self, context, model_input=None, params=None):
        return Model.predict(self, context if model_input is None else model_input)


def load(folder):
    return Model(folder)


def _load_pyfunc(path):
    return _PyFunc(path)
