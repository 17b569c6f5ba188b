"""The Python side of oip_clients.sh: CLIENT URL, in a folder with jobs.csv, power.csv and state.csv."""
import asyncio
import csv
import io
import json
import sys
import urllib.error
import urllib.request
import warnings

import numpy as np
import pandas as pd

warnings.simplefilter("ignore")
client, url = sys.argv[1:]
frame = pd.read_csv("jobs.csv", keep_default_na=False, na_values=[""], float_precision="round_trip")
power = pd.read_csv("power.csv", float_precision="round_trip")["prediction"].to_numpy()
state = pd.read_csv("state.csv", float_precision="round_trip")


def get(path):
    with urllib.request.urlopen(url + path) as answer:
        return json.load(answer)


def column(tensor):
    """The values of a model's input as an array of the kind that its metadata ask for."""
    x = frame[tensor["name"]]
    kind = tensor["datatype"]
    if kind == "BYTES":
        return x.astype(str).to_numpy(dtype=object)
    if kind == "BOOL":
        return x.to_numpy(dtype=bool)
    if x.dtype == object:
        x = pd.to_datetime(x).dt.tz_localize(None).astype("datetime64[ns]").astype("int64")
    return x.to_numpy(dtype=np.float64)


inputs = {name: get("/v2/models/" + name)["inputs"] for name in ("power", "state")}
for tensors in inputs.values():
    assert {t["datatype"] for t in tensors} <= {"FP64", "BOOL", "BYTES"}, tensors


def check_state(labels, flat):
    assert [str(v) for v in labels] == list(state["prediction"])
    p = np.reshape(np.asarray(flat, dtype=float), (len(state), -1))
    assert np.array_equal(p, state.drop(columns="prediction").to_numpy())


def says(error, *words):
    for w in words:
        assert w in str(error), (w, str(error))


def tritonclient():
    import tritonclient.http as triton
    from tritonclient.utils import InferenceServerException

    c = triton.InferenceServerClient(url.removeprefix("http://"))
    assert c.is_server_live() and c.is_server_ready()
    assert c.is_model_ready("power") and c.is_model_ready("power", "1") and not c.is_model_ready("none")
    assert c.get_server_metadata()["name"] == "binnacle"
    assert c.get_model_metadata("state")["versions"] == ["1"]

    def tensors(name, **how):
        made = []
        for t in inputs[name]:
            x = column(t)
            i = triton.InferInput(t["name"], list(x.shape), t["datatype"])
            i.set_data_from_numpy(x, **how)
            made.append(i)
        return made

    # As in its examples: binary data after the JSON.
    try:
        c.infer("power", tensors("power"))
        raise SystemExit("tensors as bytes were answered")
    except InferenceServerException as e:
        says(e, "binary_data=False")
        says(e.status() or "415", "415")
    # As JSON: default outputs, requested by name, and requested as bytes.
    for outputs in (
        None,
        [triton.InferRequestedOutput("prediction", binary_data=False)],
        [triton.InferRequestedOutput("prediction")],
    ):
        answer = c.infer("power", tensors("power", binary_data=False), outputs=outputs, request_id="7")
        assert np.array_equal(answer.as_numpy("prediction"), power), outputs
        assert answer.get_response()["id"] == "7"
    answer = c.infer("state", tensors("state", binary_data=False), model_version="1")
    check_state(answer.as_numpy("prediction"), answer.as_numpy("probabilities"))
    for algorithm in ("gzip", "deflate"):
        try:
            c.infer("power", tensors("power", binary_data=False), request_compression_algorithm=algorithm)
            raise SystemExit("a compressed request was answered")
        except InferenceServerException as e:
            says(e, "without Content-Encoding")
    try:
        c.infer("power", tensors("power", binary_data=False)[1:])
        raise SystemExit("a missing input was answered")
    except InferenceServerException as e:
        says(e, "missing input", inputs["power"][0]["name"])
    print(f"NOTE: tritonclient {version('tritonclient')}: {len(power)} predictions and {state.size} answers of a "
          "classifier equal; tensors as bytes are refused, and told binary_data=False")


def post(name, request):
    body = request.model_dump_json(exclude_none=True).encode()
    r = urllib.request.Request(f"{url}/v2/models/{name}/infer", body, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(r) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as e:
        return e.code, e.read()


def mlserver():
    from mlserver.codecs import Base64Codec, DatetimeCodec, NumpyCodec, PandasCodec, StringCodec
    from mlserver.types import InferenceRequest, InferenceResponse, RequestInput

    def coded(t):
        x = column(t)
        if t["datatype"] == "BYTES":
            return StringCodec.encode_input(t["name"], list(x), use_bytes=False)
        return NumpyCodec.encode_input(t["name"], x)

    status, body = post("state", InferenceRequest(id="a", inputs=[coded(t) for t in inputs["state"]]))
    assert status == 200, body
    answer = InferenceResponse.model_validate_json(body)
    out = {o.name: o for o in answer.outputs}
    check_state(StringCodec.decode_output(out["prediction"]), NumpyCodec.decode_output(out["probabilities"]))
    # A whole data frame.
    table = pd.DataFrame({t["name"]: column(t) for t in inputs["power"]})
    status, body = post("power", PandasCodec.encode_request(table, use_bytes=False))
    assert status == 200, body
    decoded = PandasCodec.decode_response(InferenceResponse.model_validate_json(body))
    assert np.array_equal(decoded["prediction"].to_numpy(dtype=float), power)
    # Times as texts.
    times = [t["name"] for t in inputs["power"] if frame[t["name"]].dtype == object and t["datatype"] == "FP64"]
    rows = [coded(t) for t in inputs["power"] if t["name"] not in times]
    for name in times:
        rows.append(DatetimeCodec.encode_input(name, list(pd.to_datetime(frame[name]).dt.to_pydatetime()), use_bytes=False))
    status, body = post("power", InferenceRequest(inputs=rows))
    if times:
        assert status == 200, body
        assert json.loads(body)["outputs"][0]["data"] == list(power)
    # Bytes in base64 are not text: refused with a hint.
    text = next(t["name"] for t in inputs["power"] if t["datatype"] == "BYTES")
    rows = [coded(t) for t in inputs["power"] if t["name"] != text]
    rows.append(Base64Codec.encode_input(text, [v.encode() for v in frame[text].astype(str)], use_bytes=False))
    status, body = post("power", InferenceRequest(inputs=rows))
    assert status == 415, (status, body)
    says(body.decode(), "base64", text)
    # A datatype that cannot hold the numbers.
    wrong = [coded(t) for t in inputs["power"]]
    number = next(i for i, t in enumerate(inputs["power"]) if t["datatype"] == "FP64")
    wrong[number] = RequestInput(name=wrong[number].name, shape=[len(power)], datatype="INT8", data=[300] * len(power))
    status, body = post("power", InferenceRequest(inputs=wrong))
    assert status == 400, (status, body)
    says(body.decode(), "INT8")
    print(f"NOTE: MLServer {version('mlserver')}: np, str, pd and datetime of its codecs answered, base64 refused with 415")


def kserve():
    from kserve import InferenceRESTClient, InferInput, InferRequest, RESTConfig

    def request(name, binary):
        made = []
        for t in inputs[name]:
            x = column(t)
            i = InferInput(t["name"], list(x.shape), t["datatype"])
            i.set_data_from_numpy(x, binary_data=binary)
            made.append(i)
        return InferRequest(name, made, request_id="9")

    async def ask():
        c = InferenceRESTClient(RESTConfig(protocol="v2", retries=0))
        assert await c.is_server_live(url) and await c.is_server_ready(url)
        assert await c.is_model_ready(url, "power")
        answer = await c.infer(url, request("power", False), model_name="power")
        out = {o.name: o for o in answer.outputs}
        assert answer.id == "9" and np.array_equal(out["prediction"].as_numpy(), power)
        answer = await c.infer(url, request("state", False), model_name="state")
        out = {o.name: o for o in answer.outputs}
        check_state(out["prediction"].data, out["probabilities"].data)
        classes = next(csv.reader(io.StringIO(out["probabilities"].parameters["classes"])))
        assert classes == [c.removeprefix("probability_") for c in state.columns[1:]], classes
        try:
            await c.infer(url, request("power", True), model_name="power")
            raise SystemExit("tensors as bytes were answered")
        except Exception as e:  # of httpx, or its own
            says(e, "binary_data=False")

    asyncio.run(ask())
    print(f"NOTE: KServe {version('kserve')}: {len(power)} predictions equal; tensors as bytes are refused, and told how")


def version(name):
    from importlib.metadata import version as of

    return of(name)


{"tritonclient": tritonclient, "mlserver": mlserver, "kserve": kserve}[client]()
