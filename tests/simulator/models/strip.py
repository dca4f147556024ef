#!/usr/bin/env python3
"""Writes AWS's service models without their documentation, as the simulator reads them.

    pip download botocore==1.44.5 --no-deps && python3 strip.py botocore-1.44.5-py3-none-any.whl

The output depends on the wheel alone.
"""

import gzip
import json
import pathlib
import sys
import zipfile

MODELS = {
    "ecs": "ecs/2014-11-13",
    "elbv2": "elbv2/2015-12-01",
    "sts": "sts/2011-06-15",
    "sqs": "sqs/2012-11-05",
    "application-autoscaling": "application-autoscaling/2016-02-06",
}
METADATA = ["endpointPrefix", "jsonVersion", "protocol", "signingName", "targetPrefix", "xmlNamespace"]
SHAPE = ["type", "required", "enum", "min", "max", "pattern", "flattened", "document", "exception", "fault"]


def reference(ref):
    """The name of a member's shape. None of these models renames a member on the wire."""
    assert "locationName" not in ref, ref
    return ref["shape"]


def shape(model):
    kept = {key: model[key] for key in SHAPE if key in model}
    if "members" in model:
        kept["members"] = {name: reference(ref) for name, ref in model["members"].items()}
    for key in ("member", "key", "value"):
        if key in model:
            kept[key] = reference(model[key])
    if "error" in model:
        kept["code"] = model["error"].get("code")
    return kept


def operation(model):
    kept = {key: model[key]["shape"] for key in ("input", "output") if key in model}
    if "resultWrapper" in model.get("output", {}):
        kept["wrapper"] = model["output"]["resultWrapper"]
    kept["errors"] = sorted(error["shape"] for error in model.get("errors", []))
    if model.get("authtype") == "none":
        kept["unsigned"] = True
    return kept


def strip(model):
    return {
        "metadata": {key: model["metadata"][key] for key in METADATA if key in model["metadata"]},
        "operations": {name: operation(op) for name, op in model["operations"].items()},
        "shapes": {name: shape(s) for name, s in model["shapes"].items()},
    }


def main():
    here = pathlib.Path(__file__).parent
    with zipfile.ZipFile(sys.argv[1]) as wheel:
        for name, path in MODELS.items():
            model = json.loads(gzip.decompress(wheel.read(f"botocore/data/{path}/service-2.json.gz")))
            text = json.dumps(strip(model), sort_keys=True, separators=(",", ":"))
            (here / f"{name}.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
