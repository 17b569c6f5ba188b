"""Reading a CSV with a peer: csv_pandas.py PEER FILE [OUT.arrow] prints seconds and peak memory.

With OUT the peer also writes what it read as an uncompressed Arrow file, as we do. Importing the
peer is not counted.
"""

import json
import resource
import sys
import time

peer, path = sys.argv[1:3]
out = sys.argv[3] if len(sys.argv) > 3 else None

if peer == "pandas":
    import pandas

    def read():
        frame = pandas.read_csv(path, parse_dates=["ts"])
        if out:
            frame.to_feather(out, compression="uncompressed")
        return len(frame)

elif peer == "pyarrow":
    import pyarrow.csv
    import pyarrow.feather

    def read():
        table = pyarrow.csv.read_csv(path)
        if out:
            pyarrow.feather.write_feather(table, out, compression="uncompressed")
        return table.num_rows

elif peer == "polars":
    import polars

    def read():
        frame = polars.read_csv(path, try_parse_dates=True)
        if out:
            frame.write_ipc(out, compression="uncompressed")
        return frame.height

elif peer == "duckdb":
    import duckdb

    def read():
        if out:
            raise SystemExit("duckdb writes no Arrow files")
        duckdb.sql(f"create table t as from read_csv('{path}')")
        return duckdb.sql("select count(*) from t").fetchall()[0][0]

else:
    raise SystemExit(f"no peer {peer}")

began = time.monotonic()
rows = read()
seconds = time.monotonic() - began
rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
print(json.dumps({"seconds": round(seconds, 4), "rss_mb": rss, "rows": rows}))
