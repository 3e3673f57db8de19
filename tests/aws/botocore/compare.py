"""Compares every operation's request with the one that botocore's own serializer makes.

usage: compare.py DRIVER MODELS [ROUNDS [SEED]]

DRIVER is test_botocore with --drive: it reads one JSON document a line (service, operation,
parameters, token) and answers with the request it made. MODELS is the folder (or the .tar.xz) that the
catalogue was made from. Each round generates parameters anew, from a seed; the first gives every
member, the second the required ones only, the third a random choice of both, later ones the same with
values from the edges: empty texts, lists and maps, blanks around, letters beyond ASCII in headers and
queries, the largest integers, tiny and huge numbers, NaN and Infinity, moments with fractions, with
zones and as text, documents and JSON in headers of every kind, blobs that are empty or of 70,000 bytes,
map keys with signs of every syntax, lists of twelve, shapes within themselves some forty deep. Fewer rounds than four have the edges of every eighth
operation all the same.

Byte for byte: method, host prefix, path and query, every header, the body. Where the two may differ
without meaning anything else, botocore's side is rewritten first, and the rewriting counted by name:
  json-spelling    botocore writes ", " and ": " and \\u escapes; the values and their order are compared
  form-plus        botocore writes a space in a form as "+", Smithy and Java as "%20"
  form-charset     botocore appends "; charset=utf-8" to the form's content type
  list-space       botocore joins lists in headers with ",", Smithy's suites with ", "
  type-of-bytes    botocore leaves the content type of blobs, texts and XML to its HTTP client
  checksum         added by botocore behind its serializer
  empty-query      of an empty list in the query botocore leaves the "?"
Of moments botocore by default cuts fractions, or writes six digits of them; Java's SDK writes three
where there are any, and botocore is made to do the same here.
"""

import base64
import calendar
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
from botocore.serialize import Serializer, create_serializer

PREFERRED = ["json", "rest-json", "rest-xml", "query", "ec2", "smithy-rpc-v2-cbor"]
TEXTS = ["plain", "two words", "a&b=c+d%", "<x>\"q\" 'y'</x>", "Gr\u00fc\u00dfe \u4e16\u754c", "slash/and:colon", "~-._", "\U0001f600"]
TOKEN = "5b1c7a34-0000-4000-8000-000000000001"
DEPTH = 5
EDGES = {
    "string": ["", " ", " padded ", "a//b/../c", "100%25", "k=v;w=x,y", "\u00e9\u4e16\U0001f600", "tab\there", "line\nbreak", "null", "x" * 60, "*'()!"],
    "header": ["v", "a,b", "two  blanks", "q\"uote", "\u00e9", "0"],
    "integer": [0, -1, 2147483647, -2147483648],
    "long": [0, -1, 9007199254740993, 9223372036854775807, -9223372036854775808],
    "float": [0.0, -0.5, 1e-7, 1.5e300, 123456789.125, 1e21, 1e16, 100.0, 0.1 + 0.2, 5e-324, float("nan"), float("inf"), float("-inf")],
    "timestamp": [0, -1, 1.5, 1700000000.125, 253402300799, -2208988800, "2023-11-14T22:13:20Z", "2023-11-14T22:13:20.25+01:00", "2001-02-03T04:05:06-08:00"],
    "blob": ["", "\u00e9\u4e16\U0001f600", "line\nbreak", "x" * 70000],
    "jsonvalue": [{}, [], {"\u00e9": [None, 1.5, {"": "a,b"}]}, "text", 7],
    "key": ["", "a&b=c", "\u00e9 \u4e16", "<k>", "a/b", "0", "k.member.1", "\"q\""],
    "host": ["a", "a-b-1", "0"],
    "document": [None, True, "text", 1.5, [], {}, [[{"a": []}], None], {"\u00e9": {"": [1, 2, {"b": None}]}}],
}


class Generator:
    def __init__(self, seed, share, edges=False):
        self.random = random.Random(seed)
        self.share = share
        self.edges = edges
        self.in_header = False  # within a list or map there: no line breaks
        # Now and then shapes that hold themselves are followed far down, along few members.
        deep = edges and self.random.random() < 0.1
        self.shallow, self.deepest = (40, 40) if deep else (3, DEPTH)
        if deep:
            self.share = 0.15
        self.moments = EDGES["timestamp"]

    def edge(self, shape):
        """A value from the edges, or None where the shape has none, or it is not its turn."""
        place, kind = shape.serialization.get("location"), shape.type_name
        place = "header" if self.in_header else place
        if not self.edges or self.random.random() < 0.3:
            return None
        if shape.serialization.get("hostLabel"):
            return self.random.choice(EDGES["host"])
        if shape.serialization.get("jsonvalue"):
            return self.random.choice(EDGES["jsonvalue"]) if place == "header" else None
        if kind == "structure" and shape.is_document_type:
            return self.random.choice([v for v in EDGES["document"] if v is not None])
        if kind == "string" and not shape.enum:
            if place in ("header", "headers"):
                return self.random.choice(EDGES["header"])
            # An empty label is refused before it is sent, as other SDKs do.
            return self.random.choice(EDGES["string"][place == "uri":])
        if kind in ("list", "map") and self.random.random() < 0.2 and place != "uri":
            return [] if kind == "list" else {}
        if kind == "timestamp":
            return self.random.choice(self.moments)
        if kind == "blob":
            return self.random.choice(EDGES["blob"]) if place is None else None
        kind = {"double": "float"}.get(kind, kind)
        return self.random.choice(EDGES[kind]) if kind in ("integer", "long", "float") else None

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
            if not needed and (depth > self.shallow or self.random.random() >= self.share):
                continue
            if not needed and depth >= self.deepest:
                continue
            out[name] = self.value(member, depth + 1, top)
        return out

    def value(self, shape, depth=0, top=False):
        kind = shape.type_name
        edge = self.edge(shape)
        if edge is not None:
            return edge
        # JSON values are values in headers only; in bodies they are strings like any other.
        if shape.serialization.get("jsonvalue") and shape.serialization.get("location") == "header":
            return {"k": ["v", 1]}
        if kind == "structure":
            if shape.is_document_type:
                return {"any": [1, "two", None, {"three": True}]}
            return self.structure(shape, depth, top and depth == 0)
        if kind == "list":
            long = self.edges and depth <= 3 and self.random.random() < 0.05
            count = 12 if long else 0 if depth > self.deepest else self.random.choice([1, 1, 2, 3])
            self.in_header = shape.serialization.get("location") == "header"
            out = [self.value(shape.member, depth + 1) for _ in range(count)]
            self.in_header = False
            return out
        if kind == "map":
            count = 0 if depth > self.deepest else self.random.choice([1, 2])
            prefix = shape.serialization.get("location") == "headers"
            keys = ["Key-%d" % i if prefix else "key %d" % i for i in range(count)]
            if shape.key.enum:
                keys = shape.key.enum[:count]
            elif self.edges and not prefix:
                keys = self.random.sample(EDGES["key"], count)
            self.in_header = prefix
            out = {k: self.value(shape.value, depth + 1) for k in keys}
            self.in_header = False
            return out
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


def moments_like_java():
    def iso8601(self, value):
        fraction = ".%03d" % (value.microsecond // 1000) if value.microsecond >= 1000 else ""
        return value.strftime("%Y-%m-%dT%H:%M:%S") + fraction + "Z"

    def unix(self, value):
        seconds = calendar.timegm(value.timetuple())
        return seconds + value.microsecond // 1000 / 1000.0 if value.microsecond >= 1000 else seconds

    Serializer._timestamp_iso8601, Serializer._timestamp_unixtimestamp = iso8601, unix


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


def spelt(value):
    """JSON has no NaN: it comes as text, in definitions too."""
    if isinstance(value, dict):
        return {k: spelt(v) for k, v in value.items()}
    if isinstance(value, list):
        return [spelt(v) for v in value]
    if isinstance(value, float) and (value != value or abs(value) == float("inf")):
        return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"
    return value


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
    count("empty-query", theirs["uri"].endswith("?"))
    theirs["uri"] = theirs["uri"].rstrip("?") if theirs["uri"].endswith("?") else theirs["uri"]
    heads, mine = theirs["headers"], ours["headers"]
    for name, member in (operation.input_shape.members if operation.input_shape else {}).items():
        if member.serialization.get("location") == "header" and member.type_name == "list":
            key = member.serialization.get("name", name).lower()
            if key in mine and key in heads and mine[key] != heads[key]:
                if mine[key].replace(", ", ",") == heads[key].replace(", ", ","):
                    heads[key] = mine[key]
                    count("list-space", True)
        if member.serialization.get("jsonvalue") and member.serialization.get("location") == "header":
            key = member.serialization.get("name", name).lower()
            if key in heads:
                again = json.dumps(json.loads(base64.b64decode(heads[key])), separators=(",", ":"), ensure_ascii=False)
                again = base64.b64encode(again.encode()).decode()
                count("json-spelling", again != heads[key])
                heads[key] = again
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
    moments_like_java()
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 2
    seed = sys.argv[4] + "." if len(sys.argv) > 4 else ""
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
            edges = [3] if rounds < 4 and operations % 8 == 0 else []
            for turn in [*range(rounds), *edges]:
                generator = Generator("%s%s.%s.%d" % (seed, name, operation_name, turn), [1, 0, 0.5][min(turn, 2)], turn > 2)
                if protocol == "smithy-rpc-v2-cbor":  # botocore's knows whole seconds from 1970 on only
                    generator.moments = [0, 1700000000]
                params = {}
                if operation.input_shape:
                    params = generator.value(operation.input_shape, 0, True)
                theirs = theirs_of(serializer, operation, params)
                params = spelt(params)
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
