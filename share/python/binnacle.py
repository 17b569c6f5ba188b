"""binnacle.py - log a run from Python: one file over ctypes, no dependency, Python 3.6 and later.

    import binnacle

    with binnacle.run(experiment="oscillator") as run:
        run.param("dt", 1e-3)
        for step in range(1000):
            run.log("energy", 1.0 / (step + 1), step)

Inside `binnacle run start -- python train.py` the run is the one that was started; else run() makes one
in the workspace around the working directory (or BINNACLE_HOME). Without a workspace, or without
libbinnacle, it gives a run that does nothing, is false and says why in .error, so a program need not
care whether logging works; run(required=True) raises instead. What is refused raises binnacle.Error.

run.log only puts the point into memory; a thread of the library writes at least once a second, and
flush() and close() wait for the disk. The end of the `with` block closes the run: FINISHED, or FAILED
when an exception ends it. A run that is still open when the interpreter exits is closed then. A child of
os.fork() opens the run itself: binnacle.run(run_id=run.id).

The library is $BINNACLE_LIBRARY, or libbinnacle.so.0 of the installation that this file or the program
`binnacle` belongs to, or the one that the system's loader finds.
"""
import atexit
import ctypes
import os
import shutil
import sys

__all__ = ["Error", "Run", "run"]

_KEYS_MAX = 10000  # keys kept as bytes
_STEP_MIN, _STEP_MAX = -2**63, 2**63 - 1


class Error(Exception):
    """What the library refused or could not do. code: its negative code."""

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
    """The library, or None and why not."""
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
_open = {}  # id() of the runs that are open: closed at exit


def _text(what, value):
    raw = value if isinstance(value, bytes) else str(value).encode("utf-8")
    if b"\0" in raw:
        raise Error("%s has a NUL character in it" % what)
    return raw


def _status_of(code):
    """The exit status of a process that ends with SystemExit(code)."""
    return code if isinstance(code, int) else int(code is not None)


class Run:
    """A run that is open for logging; made by run(). False when it only does nothing."""

    def __init__(self, handle, error):
        self._handle = handle
        self._closed = False
        self._keys = {}
        self.error = error  #: why nothing is logged; "" when it is
        self.id = ""  #: 32 hex digits; "" when nothing is logged
        if handle is not None:
            self._log, self._log_at = _lib.binnacle_log_metric, _lib.binnacle_log_metric_at
            self.id = _lib.binnacle_run_id(handle).decode()
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
        self._keys[key] = raw = _text("the key", key)
        return raw

    def log(self, key, value, step=0, time_ms=None):
        """A point of a metric. NaN and infinities are kept; steps may come in any order. time_ms:
        milliseconds since 1970 UTC, None for now."""
        handle = self._handle
        if handle is None:
            return self._absent()
        raw = self._keys.get(key) or self._key(key)
        try:
            if not _STEP_MIN <= step <= _STEP_MAX:
                raise Error("step %r is not in -2**63 .. 2**63-1" % step)
            if time_ms is None:
                rc = self._log(handle, raw, value, step)
            else:
                rc = self._log_at(handle, raw, value, step, time_ms)
        except ctypes.ArgumentError:  # numbers of other types, such as numpy's
            return self.log(key, float(value), int(step), None if time_ms is None else int(time_ms))
        if rc:
            self._check(rc)

    def param(self, key, value):
        """A parameter, as text. It is written once; another value later is refused when it is read."""
        if self._handle is None:
            return self._absent()
        self._check(_lib.binnacle_log_param(
            self._handle, _text("the key", key), _text("the value", value)))

    def tag(self, key, value):
        """A tag, as text; a later value takes the place of an earlier one."""
        if self._handle is None:
            return self._absent()
        self._check(_lib.binnacle_log_tag(
            self._handle, _text("the key", key), _text("the value", value)))

    def artifact(self, path, name=None):
        """Copies a file or directory into the workspace, and waits for the disk. name: its own."""
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
        """Flushes and records the end of a run that run() made: FINISHED for 0, else FAILED. Closing
        twice is fine."""
        handle, self._handle, self._closed = self._handle, None, True
        if handle is None:
            return
        _open.pop(id(self), None)
        flushed = _lib.binnacle_run_flush(handle)
        message = _lib.binnacle_run_error(handle).decode("utf-8", "replace")
        closed = _lib.binnacle_run_close(handle, exit_code)
        if closed < 0:
            raise Error(message if flushed < 0 and message else
                        "not everything that was logged is on disk (error %d)" % closed, closed)

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if kind is None:
            self.close(0)
            return
        try:
            self.close(_status_of(error.code) if isinstance(error, SystemExit) else 1)
        except Error:
            pass  # the program's own exception says more


def run(name=None, experiment=None, title=None, run_id=None, workspace=None, required=False):
    """Opens run_id, else the run that this process is in (BINNACLE_RUN_ID), else a new one with this
    name (made up), experiment ("default") and title (the script's name). workspace: a directory in
    one. required: raise Error when there is none, instead of giving a Run that does nothing."""
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


_exit, _exit_code = sys.exit, 0


def _remember_exit(status=None):
    """sys.exit, which leaves no trace of its status for those who clean up."""
    global _exit_code
    _exit_code = _status_of(status)
    _exit(status)


sys.exit = _remember_exit


@atexit.register
def _close_all():
    failed = hasattr(sys, "last_type")  # an exception has ended the program
    for one in list(_open.values()):
        try:
            one.close(1 if failed else _exit_code)
        except Error as e:
            sys.stderr.write("binnacle: %s\n" % e)
