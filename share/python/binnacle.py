"""binnacle.py - log a run from Python: one file over ctypes, no dependency, Python 3.6 and later.

    import binnacle

    with binnacle.run(experiment="oscillator") as run:
        run.param("dt", 1e-3)
        for step in range(1000):
            run.log("energy", 1.0 / (step + 1), step)
        run.log({"loss": 0.31, "acc": 0.9}, step=1000)  # or run.log(loss=0.31, acc=0.9, step=1000)

Inside `binnacle run start -- python train.py` the run is the one that was started; otherwise run() creates one
in the workspace of the working directory (or BINNACLE_HOME). Without a workspace, or without
libbinnacle, it returns a run that does nothing, is false and has the reason in .error, so a program need not
check whether logging works; run(required=True) raises instead. A rejected call raises binnacle.Error.

run.log only stores the point in memory; a thread of the library writes at least once a second, and
flush() and close() wait for the disk. The end of the `with` block closes the run: FINISHED, or FAILED
if an exception ends it. A run that is still open when the interpreter exits is ended then, FINISHED if the
process ends with status 0. A child of os.fork() must open the run itself: binnacle.run(run_id=run.id).

The library is $BINNACLE_LIBRARY, or libbinnacle.so.0 of the installation that this file or the program
`binnacle` belongs to, or the one that the system's loader finds.
"""
import atexit
import ctypes
import operator
import os
import shutil
import sys

__all__ = ["Error", "Run", "run"]

_KEYS_MAX = 10000  # keys kept as bytes
_STEP_MIN, _STEP_MAX = -2**63, 2**63 - 1
_ABSENT = object()


class Error(Exception):
    """An error of the library. code: its negative code."""

    def __init__(self, message, code=-1):
        super().__init__(message)
        self.code = code


class _Options(ctypes.Structure):
    _fields_ = [(field, ctypes.c_char_p)
                for field in ("workspace", "run_id", "name", "experiment", "title")]


def _candidates():
    name = "libbinnacle.so.0"
    if os.environ.get("BINNACLE_LIBRARY"):
        yield os.environ["BINNACLE_LIBRARY"]
        return
    # PREFIX/share/binnacle/python/binnacle.py
    yield os.path.join(os.path.abspath(__file__), *([os.pardir] * 4 + ["lib", name]))
    program = shutil.which("binnacle")
    if program:
        yield os.path.join(os.path.dirname(os.path.realpath(program)), os.pardir, "lib", name)
    yield name


def _load():
    """The library and "", or None and the reason."""
    why = ""
    for path in _candidates():
        if os.sep in path and not os.path.exists(os.path.normpath(path)):
            why = why or "%s does not exist" % os.path.normpath(path)
            continue
        try:
            lib = ctypes.CDLL(os.path.normpath(path) if os.sep in path else path)
        except OSError as e:
            why = str(e)
            continue
        handle, text, number = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int64
        for name, result, arguments in (
                ("run_open", handle, [ctypes.POINTER(_Options)]),
                ("last_error", text, []),
                ("run_id", text, [handle]),
                ("log_metric", ctypes.c_int, [handle, text, ctypes.c_double, number]),
                ("log_metric_at", ctypes.c_int, [handle, text, ctypes.c_double, number, number]),
                ("log_param", ctypes.c_int, [handle, text, text]),
                ("log_tag", ctypes.c_int, [handle, text, text]),
                ("log_artifact", ctypes.c_int, [handle, text, text]),
                ("run_flush", ctypes.c_int, [handle]),
                ("run_error", text, [handle]),
                ("run_close", ctypes.c_int, [handle, ctypes.c_int])):
            function = getattr(lib, "binnacle_" + name)
            function.restype, function.argtypes = result, arguments
        return lib, ""
    return None, "libbinnacle is not there: " + why


_lib, _why_no_lib = _load()
_open = {}  # open runs by id()


def _text(what, value):
    raw = value if isinstance(value, bytes) else str(value).encode("utf-8")
    if b"\0" in raw:
        raise Error("%s has a NUL character in it" % what)
    return raw


def _status_of(code):
    """The exit status of a process that ends with SystemExit(code); 255 if the code does not fit a C int."""
    if not isinstance(code, int):
        return int(code is not None)
    return int(code) if -2**31 <= code < 2**31 else 255


def _whole(what, number):
    """Converts a number of any type (numpy's, 3.0) to int. A fraction is an error."""
    try:
        return operator.index(number)
    except TypeError:
        pass
    if isinstance(number, (str, bytes)) or not hasattr(number, "__float__"):
        raise TypeError("%s is a whole number, not %r" % (what, number))
    if not float(number).is_integer():
        raise ValueError("%s is a whole number, not %r" % (what, number))
    return int(number)


def _real(key, value):
    if isinstance(value, (str, bytes)) or not hasattr(value, "__float__") and not hasattr(value, "__index__"):
        raise TypeError("the value of metric %r is a number, not %r" % (key, value))
    return float(value)


def _pairs(call, key, value, others):
    """The arguments of log, param and tag as a dict: a key and a value, a dict, or keywords."""
    if key is _ABSENT and value is _ABSENT and others:
        return others
    if isinstance(key, dict) and value is _ABSENT:
        return dict(key, **others)
    if isinstance(key, (str, bytes)) and value is not _ABSENT and not others:
        return {key: value}
    raise TypeError("%s takes a key and its value, a dict, or values by name: %s(\"a\", 1), %s({\"a\": 1}), "
                    "%s(a=1)" % (call, call, call, call))


class Run:
    """A run open for logging; created by run(). False if it does nothing."""

    def __init__(self, handle, error):
        self._handle = handle
        self._closed = False
        self._keys = {}
        self.error = error  #: why nothing is logged; "" if it is
        self.id = ""  #: 32 hex digits; "" if nothing is logged
        if handle is not None:
            self._log, self._log_at = _lib.binnacle_log_metric, _lib.binnacle_log_metric_at
            self.id = _lib.binnacle_run_id(handle).decode()
            self._pid = os.getpid()
            _open[id(self)] = self

    def __bool__(self):
        return self._handle is not None

    def __repr__(self):
        return "<binnacle.Run %s>" % (self.id or "that does nothing: " + self.error)

    def _absent(self):
        if self._closed:
            raise Error("the run is closed")

    def _check(self, rc):
        if rc < 0:
            message = _lib.binnacle_run_error(self._handle).decode("utf-8", "replace")
            raise Error(message or "binnacle: error %d" % rc, rc)

    def _key(self, key):
        if len(self._keys) >= _KEYS_MAX:
            self._keys.clear()
        if not isinstance(key, (str, bytes)):
            raise TypeError("a metric's key is text, not %r" % (key,))
        self._keys[key] = raw = _text("the key", key)
        return raw

    def log(self, key=_ABSENT, value=_ABSENT, step=0, time_ms=None, **others):
        """A point of a metric, or of several at one step: log("loss", 0.3, 7), log({"loss": 0.3, "acc": 0.9},
        step=7), log(loss=0.3, acc=0.9, step=7). NaN and infinities are kept; steps may come in any order.
        time_ms: milliseconds since 1970 UTC, None for now."""
        handle = self._handle
        if handle is None:
            return self._absent()
        if value is _ABSENT or others:
            return self._log_all(_pairs("log", key, value, others), step, time_ms)
        try:
            raw = self._keys.get(key) or self._key(key)
            if not _STEP_MIN <= step <= _STEP_MAX:
                raise Error("step %r is not in -2**63 .. 2**63-1" % step)
            if time_ms is None:
                rc = self._log(handle, raw, value, step)
            elif _STEP_MIN <= time_ms <= _STEP_MAX:
                rc = self._log_at(handle, raw, value, step, time_ms)
            else:
                raise Error("time_ms %r is not in -2**63 .. 2**63-1" % time_ms)
        except (ctypes.ArgumentError, TypeError):
            rc = None
        if rc:
            self._check(rc)
        elif rc is None:  # numbers of other types, such as numpy's, or not numbers; outside of the except block, so
            # that an error has only one traceback
            if isinstance(key, dict) and step == 0:
                value, step = _ABSENT, value
            self._log_all(_pairs("log", key, value, others), step, time_ms)

    def _log_all(self, values, step, time_ms):
        step = _whole("the step", step)
        time_ms = None if time_ms is None else _whole("time_ms", time_ms)
        points = [(self._keys.get(key) or self._key(key), _real(key, value)) for key, value in values.items()]
        for key, value in points:  # all were converted first: all are logged, or none
            self.log(key, value, step, time_ms)

    def _log_words(self, call, function, key, value, others):
        if self._handle is None:
            return self._absent()
        for one, text in _pairs(call, key, value, others).items():
            self._check(function(self._handle, _text("the key", one), _text("the value", text)))

    def param(self, key=_ABSENT, value=_ABSENT, **others):
        """A parameter, as text, or several: param("lr", 0.1), param(vars(args)), param(lr=0.1). It is written
        once: another value is rejected."""
        self._log_words("param", _lib and _lib.binnacle_log_param, key, value, others)

    def tag(self, key=_ABSENT, value=_ABSENT, **others):
        """A tag, as text, or several, like param; a later value replaces an earlier one."""
        self._log_words("tag", _lib and _lib.binnacle_log_tag, key, value, others)

    def artifact(self, path, name=None):
        """Copies a file or directory into the workspace, and waits for the disk. name: default its own. A
        directory that contains a workspace is rejected."""
        if self._handle is None:
            return self._absent()
        self._check(_lib.binnacle_log_artifact(self._handle, os.fsencode(path),
                                               None if name is None else _text("the name", name)))

    def flush(self):
        """Waits until everything logged so far is on disk."""
        if self._handle is None:
            return self._absent()
        self._check(_lib.binnacle_run_flush(self._handle))

    def close(self, exit_code=0):
        """Flushes and records the end of a run that run() created: FINISHED for 0, else FAILED. May be called
        twice."""
        exit_code = _status_of(_whole("the exit code", exit_code))
        handle, self._handle, self._closed = self._handle, None, True
        if handle is None:
            return
        _open.pop(id(self), None)
        flushed = _lib.binnacle_run_flush(handle)
        message = _lib.binnacle_run_error(handle).decode("utf-8", "replace")
        closed = _lib.binnacle_run_close(handle, exit_code)
        if closed < 0:
            raise Error(message if flushed < 0 and message else
                        "not everything logged is on disk (error %d)" % closed, closed)

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if kind is None:
            self.close(0)
            return
        try:
            self.close(_status_of(error.code) if isinstance(error, SystemExit) else 1)
        except Error as e:  # the program's own exception is raised
            sys.stderr.write("binnacle: %s\n" % e)


def run(name=None, experiment=None, title=None, run_id=None, workspace=None, required=False):
    """Opens run_id, else the run of this process (BINNACLE_RUN_ID), else a new one with this
    name (generated), experiment ("default") and title (the script's name). workspace: a directory in
    one. required: raise Error if there is none, instead of returning a Run that does nothing."""
    if _lib is None:
        handle, error = None, _why_no_lib
    else:
        title = title or os.path.basename(sys.argv[0] if sys.argv and sys.argv[0] else "python")
        options = _Options(*[None if value is None else _text(what, value) for what, value in (
            ("the workspace", None if workspace is None else os.fsencode(workspace)),
            ("the id", run_id), ("the name", name), ("the experiment", experiment),
            ("the title", title))])
        handle = _lib.binnacle_run_open(ctypes.byref(options))
        error = "" if handle else _lib.binnacle_last_error().decode("utf-8", "replace")
    if required and not handle:
        raise Error(error)
    return Run(handle, error)


@atexit.register
def _leave():
    """The exit status of the process is not known here; the library gets it at exit, writes and
    ends the open runs, and prints errors. But since 3.8 Python dies by the signal, without
    exit, if Control-C was not caught. A child of os.fork() does not touch its parent's runs."""
    interrupted = (getattr(sys, "last_type", None) is KeyboardInterrupt and not hasattr(sys, "ps1")
                   and sys.version_info >= (3, 8))
    for one in [one for one in _open.values() if interrupted and one._pid == os.getpid()]:
        try:
            one.close(130)
        except Error as e:
            sys.stderr.write("binnacle: %s\n" % e)
