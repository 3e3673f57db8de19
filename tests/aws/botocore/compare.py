"""Compares every operation's request with the one that botocore's own serializer makes.

usage: compare.py DRIVER MODELS [ROUNDS]

DRIVER is test_botocore with --drive: it reads one JSON document a line (service, operation,
parameters, token) and answers with the request it made. MODELS is the folder (or the .tar.xz) that the
catalogue was made from. Each round generates parameters anew, from a fixed seed; the first gives
every member, the second the required ones only, later ones a random choice of both.

Byte for byte: method, host prefix, path and query, every header, the body. Where the two may differ
without meaning anything else, botocore's side is rewritten first, and the rewriting counted by name:
  json-spelling    botocore writes ", " and ": " and \\u escapes; the values and their order are compared
  form-plus        botocore writes a space in a form as "+", Smithy and Java as "%20"
  form-charset     botocore appends "; charset=utf-8" to the form's content type
  list-space       botocore joins lists in headers with ",", Smithy's suites with ", "
  type-of-bytes    botocore leaves the content type of blobs, texts and XML to its HTTP client
  checksum         added by botocore behind its serializer
"""

import base64
import collections
import json
import os
import random
import subprocess
import sys
import tarfile
import tempfile

from botocore.awsrequest import create_request_object, prepare_request_dict
from botocore.model import ServiceModel
from botocore.serialize import create_serializer

PREFERRED = ["json", "rest-json", "rest-xml", "query", "ec2", "smithy-rpc-v2-cbor"]
TEXTS = ["plain", "two words", "a&b=c+d%", "<x>\"q\" 'y'</x>", "Gr\u00fc\u00dfe \u4e16\u754c", "slash/and:colon", "~-._", "\U0001f600"]
TOKEN = "5b1c7a34-0000-4000-8000-000000000001"
DEPTH = 5


class Generator:
    def __init__(self, seed, share):
        self.random = random.Random(seed)
        self.share = share

    def structure(self, shape, depth, top):
        members = list(shape.members.items())
        if shape.is_tagged_union:
            members = [self.random.choice(members)] if members else []
        out = {}
        for name, member in members:
            needed = (
                name in shape.required_members
                or member.serialization.get("location") == "uri"
                or member.serialization.get("hostLabel")
                or shape.is_tagged_union
            )
            if member.metadata.get("idempotencyToken") and top:
                if self.random.random() < 0.5:
                    continue
            if not needed and (depth > 3 or self.random.random() >= self.share):
                continue
            if not needed and depth >= DEPTH:
                continue
            out[name] = self.value(member, depth + 1, top)
        return out

    def value(self, shape, depth=0, top=False):
        kind = shape.type_name
        # JSON values are values in headers only; in bodies they are strings like any other.
        if shape.serialization.get("jsonvalue") and shape.serialization.get("location") == "header":
            return {"k": ["v", 1]}
        if kind == "structure":
            if shape.is_document_type:
                return {"any": [1, "two", None, {"three": True}]}
            return self.structure(shape, depth, top and depth == 0)
        if kind == "list":
            count = 0 if depth > DEPTH else self.random.choice([1, 1, 2, 3])
            return [self.value(shape.member, depth + 1) for _ in range(count)]
        if kind == "map":
            count = 0 if depth > DEPTH else self.random.choice([1, 2])
            prefix = shape.serialization.get("location") == "headers"
            keys = ["Key-%d" % i if prefix else "key %d" % i for i in range(count)]
            if shape.key.enum:
                keys = shape.key.enum[:count]
            return {k: self.value(shape.value, depth + 1) for k in keys}
        if kind == "string":
            if shape.serialization.get("hostLabel"):
                return "host-label"
            if shape.enum:
                return self.random.choice(shape.enum)
            if shape.serialization.get("location") in ("header", "headers"):
                return self.random.choice(TEXTS[:4])
            return self.random.choice(TEXTS)
        if kind == "blob":
            return self.random.choice(TEXTS)
        if kind == "boolean":
            return self.random.choice([True, False])
        if kind in ("integer", "long"):
            return self.random.choice([0, 1, -7, 42, 2147483647])
        if kind in ("float", "double"):
            return self.random.choice([0.5, 2.25, -1.125, 3.0])
        if kind == "timestamp":
            return self.random.choice([0, 1, 1700000000, 4102444800])
        raise ValueError(kind)


def find_models(path):
    if os.path.isdir(path):
        return path, None
    folder = tempfile.TemporaryDirectory()
    with tarfile.open(path) as archive:
        archive.extractall(folder.name)
    for where, _, files in os.walk(folder.name):
        if any(f.endswith(".json") for f in files):
            return where, folder
    raise SystemExit("no models in " + path)


def load(folder):
    for name in sorted(os.listdir(folder)):
        if name.startswith("_") or not name.endswith(".json"):
            continue
        with open(os.path.join(folder, name), encoding="utf-8") as f:
            model = json.load(f)
        listed = model["metadata"].get("protocols", [model["metadata"]["protocol"]])
        model["metadata"]["protocol"] = next(p for p in PREFERRED if p in listed)
        yield name[: -len(".json")], model


def arn_names(driver):
    """serviceId -> ARN name, as the catalogue has them."""
    out = subprocess.run([driver, "--names"], check=True, capture_output=True, text=True).stdout
    return dict(reversed(line.split("\t")) for line in out.splitlines())


def streams(operation):
    return operation.has_event_stream_input or operation.has_event_stream_output


def with_token(operation, params):
    out = dict(params)
    for name in operation.idempotent_members:
        out.setdefault(name, TOKEN)
    return out


def theirs_of(serializer, operation, params):
    request = serializer.serialize_to_request(with_token(operation, params), operation)
    prepare_request_dict(request, endpoint_url="https://host", user_agent=None)
    prepared = create_request_object(request).prepare()
    prefix = request.get("host_prefix") or ""
    url = prepared.url
    start = "https://" + prefix + "host"
    assert url.startswith(start), url
    body = prepared.body or b""
    if isinstance(body, str):
        body = body.encode()
    headers = {}
    for key, value in prepared.headers.items():
        headers[key.lower()] = value.decode() if isinstance(value, bytes) else str(value)
    headers.pop("content-length", None)
    headers.pop("user-agent", None)
    return {"method": prepared.method, "host_prefix": prefix, "uri": url[len(start) :], "headers": headers, "body": body}


def rewrite(protocol, operation, ours, theirs, counts):
    """Rewrites botocore's spelling where another means the same; counts what it does."""

    def count(name, changed):
        counts[name] += bool(changed)

    body = theirs["body"]
    if protocol in ("json", "rest-json") and body[:1] in (b"{", b"["):
        raw = operation.input_shape and operation.input_shape.serialization.get("payload")
        blob = raw and operation.input_shape.members[raw].type_name in ("blob", "string")
        if not blob:
            again = json.dumps(json.loads(body), separators=(",", ":"), ensure_ascii=False).encode()
            count("json-spelling", again != body)
            theirs["body"] = again
    if protocol in ("query", "ec2"):
        theirs["body"] = body.replace(b"+", b"%20")
        count("form-plus", theirs["body"] != body)
        kind = theirs["headers"].get("content-type", "")
        theirs["headers"]["content-type"] = kind.replace("; charset=utf-8", "")
        count("form-charset", kind != theirs["headers"]["content-type"])
    heads, mine = theirs["headers"], ours["headers"]
    for name, member in (operation.input_shape.members if operation.input_shape else {}).items():
        if member.serialization.get("location") == "header" and member.type_name == "list":
            key = member.serialization.get("name", name).lower()
            if key in mine and key in heads and mine[key] != heads[key]:
                if mine[key].replace(", ", ",") == heads[key].replace(", ", ","):
                    heads[key] = mine[key]
                    count("list-space", True)
    if "content-type" in mine and "content-type" not in heads:
        if mine["content-type"] in ("application/octet-stream", "text/plain", "application/xml"):
            heads["content-type"] = mine["content-type"]
            count("type-of-bytes", True)
    for key in list(mine):
        sums = key.startswith("x-amz-checksum-") or key in ("content-md5", "x-amz-sdk-checksum-algorithm")
        if sums and key not in heads:
            del mine[key]
            count("checksum", True)


def difference(ours, theirs):
    for key in ("method", "host_prefix", "uri", "headers", "body"):
        if ours[key] != theirs[key]:
            return "%s\n    ours:   %.600r\n    theirs: %.600r" % (key, ours[key], theirs[key])
    return None


def main():
    driver, models = sys.argv[1], sys.argv[2]
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 2
    folder, keep = find_models(models)
    names = arn_names(driver)
    process = subprocess.Popen([driver, "--drive"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    equal = compared = operations = streaming = 0
    counts, differing = collections.Counter(), collections.Counter()
    for name, model in load(folder):
        service = ServiceModel(model, name)
        protocol = model["metadata"]["protocol"]
        serializer = create_serializer(protocol, include_validation=False)
        for operation_name in service.operation_names:
            operation = service.operation_model(operation_name)
            if streams(operation):
                streaming += 1
                continue
            operations += 1
            for turn in range(rounds):
                generator = Generator("%s.%s.%d" % (name, operation_name, turn), [1, 0, 0.5][min(turn, 2)])
                params = {}
                if operation.input_shape:
                    params = generator.value(operation.input_shape, 0, True)
                theirs = theirs_of(serializer, operation, params)
                call = {"service": names[service.metadata["serviceId"]], "operation": operation_name, "parameters": params, "token": TOKEN}
                process.stdin.write(json.dumps(call) + "\n")
                process.stdin.flush()
                ours = json.loads(process.stdout.readline())
                compared += 1
                if "problem" in ours:
                    found = "refused: " + ours["problem"]
                else:
                    ours["body"] = base64.b64decode(ours["body"])
                    ours["headers"] = {k.lower(): v for k, v in ours["headers"].items()}
                    rewrite(protocol, operation, ours, theirs, counts)
                    found = difference(ours, theirs)
                if found is None:
                    equal += 1
                else:
                    differing["%s.%s" % (name, operation_name)] += 1
                    if sum(differing.values()) <= 40:
                        print("%s.%s (round %d): %s" % (name, operation_name, turn, found))
    process.stdin.close()
    process.wait()
    print("rewritten:", dict(counts))
    print("differing:", dict(differing.most_common(40)))
    print(
        "%d operations (%d with event streams left out), %d requests, %d equal: %.3f%%"
        % (operations, streaming, compared, equal, 100.0 * equal / max(1, compared))
    )
    del keep
    return 0 if compared and equal >= 0.999 * compared else 1


if __name__ == "__main__":
    sys.exit(main())
