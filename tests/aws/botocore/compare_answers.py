"""Compares what every operation's answer is read as with what botocore's own parser makes of it.

usage: compare_answers.py DRIVER MODELS [ROUNDS [SEED]]

For each operation an output is generated from its shape and written as its service would write it
(the rules of the protocols, from the server's side); botocore and the driver read the same bytes.
Compared as values: timestamps as epoch seconds, blobs as text. What a service writes is generated
here and nowhere copied, so a mistake in this file shows as a difference too.

One reading differs on purpose and is counted as `empty-payload`: of an empty body botocore makes an
empty payload member, Smithy and Java's SDK make none. One difference stays: of S3's repeated Event
elements botocore's parser leaves raw XML nodes in the old member of that name.
"""

import base64
import collections
import datetime
import json
import subprocess
import sys
from email.utils import formatdate
from xml.sax.saxutils import escape, quoteattr

from botocore.awsrequest import HeadersDict
from botocore.model import ServiceModel
from botocore.parsers import create_parser
from botocore.serialize import create_serializer

from compare import Generator, arn_names, find_models, load, spelt, streams

EMPTY = {"json": b"{}", "rest-json": b"{}"}


def moment(value, how):
    if how == "unixTimestamp":
        return value
    if how == "rfc822":
        return formatdate(value, usegmt=True)
    return datetime.datetime.fromtimestamp(value, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def encoded(value):
    return base64.b64encode(value.encode()).decode()


def name_of(member, name):
    return member.serialization.get("name", name)


# ---- JSON ----
def to_json(shape, value):
    kind = shape.type_name
    if kind == "structure" and not shape.is_document_type:
        return {name_of(shape.members[k], k): to_json(shape.members[k], v) for k, v in value.items()}
    if kind == "list":
        return [to_json(shape.member, v) for v in value]
    if kind == "map":
        return {k: to_json(shape.value, v) for k, v in value.items()}
    if kind == "timestamp":
        return moment(value, shape.serialization.get("timestampFormat", "unixTimestamp"))
    return encoded(value) if kind == "blob" else value


# ---- XML ----
def text_of(shape, value, default):
    kind = shape.type_name
    if kind == "timestamp":
        return str(moment(value, shape.serialization.get("timestampFormat", default)))
    if kind == "boolean":
        return "true" if value else "false"
    return encoded(value) if kind == "blob" else str(value)


def element(name, inner, attributes=""):
    return "<%s%s>%s</%s>" % (name, attributes, inner, name)


def to_xml(shape, value, name):
    kind, flat = shape.type_name, shape.serialization.get("flattened")
    if kind == "structure":
        attributes, inner = "", ""
        for key, item in value.items():
            member = shape.members[key]
            wire = name_of(member, key)
            if member.serialization.get("xmlAttribute"):
                attributes += " xmlns:%s=%s %s=%s" % (wire.split(":")[0], quoteattr("urn:x"), wire, quoteattr(str(item)))
            else:
                inner += to_xml(member, item, wire)
        return element(name, inner, attributes)
    if kind == "list":
        own = shape.member.serialization.get("name")
        if flat:
            return "".join(to_xml(shape.member, v, own or name) for v in value)
        return element(name, "".join(to_xml(shape.member, v, own or "member") for v in value))
    if kind == "map":
        pairs = [
            to_xml(shape.key, k, name_of(shape.key, "key")) + to_xml(shape.value, v, name_of(shape.value, "value"))
            for k, v in value.items()
        ]
        if flat:
            return "".join(element(name, p) for p in pairs)
        return element(name, "".join(element("entry", p) for p in pairs))
    return element(name, escape(text_of(shape, value, "iso8601")))


# ---- answers ----
def split(shape, value, headers):
    """Moves what travels in headers there; gives what is left for the body."""
    rest = {}
    for name, item in value.items():
        member = shape.members[name]
        where, wire = member.serialization.get("location"), name_of(member, name)
        if where == "header":
            if member.serialization.get("jsonvalue"):
                headers[wire] = encoded(json.dumps(item))
            elif member.type_name == "list":
                headers[wire] = ",".join(text_of(member.member, v, "rfc822") for v in item)
            else:
                headers[wire] = text_of(member, item, "rfc822")
        elif where == "headers":
            for key, text in item.items():
                headers[wire + key] = text
        elif where != "statusCode":
            rest[name] = item
    return rest


def rest_answer(protocol, shape, value):
    headers = {}
    rest = split(shape, value, headers)
    payload = shape.serialization.get("payload")
    if payload:
        member = shape.members[payload]
        if payload not in rest:
            return headers, b""
        if member.type_name in ("blob", "string"):
            return headers, rest[payload].encode()
        shape, rest = member, rest[payload]
    if protocol == "rest-json":
        return headers, json.dumps(to_json(shape, rest)).encode()
    return headers, to_xml(shape, rest, "Root").encode()


def floats(value):
    """CBOR has what JSON must spell."""
    if isinstance(value, dict):
        return {k: floats(v) for k, v in value.items()}
    if isinstance(value, list):
        return [floats(v) for v in value]
    return float(value) if value in ("NaN", "Infinity", "-Infinity") else value


def answer_of(protocol, operation, value):
    shape = operation.output_shape
    if shape is None:
        return {}, EMPTY.get(protocol, b"<Root/>" if protocol in ("query", "ec2") else b"")
    if protocol == "json":
        return {}, json.dumps(to_json(shape, value)).encode()
    if protocol.startswith("rest-"):
        return rest_answer(protocol, shape, value)
    if protocol == "smithy-rpc-v2-cbor":
        body = bytearray()
        create_serializer(protocol, False)._serialize_data_item(body, floats(value), shape)
        return {}, bytes(body)
    wrapper = shape.serialization.get("resultWrapper")
    inner = to_xml(shape, value, wrapper or "Whole")
    if not wrapper:
        return {}, inner.encode()
    return {}, element("Response", inner + "<ResponseMetadata><RequestId>id</RequestId></ResponseMetadata>").encode()


def plain(value):
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items() if k != "ResponseMetadata"}
    if isinstance(value, list):
        return [plain(v) for v in value]
    if isinstance(value, datetime.datetime):
        return int(value.timestamp())
    if isinstance(value, bytes):
        return value.decode()
    return value


def main():
    driver, models = sys.argv[1], sys.argv[2]
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 2
    seed = sys.argv[4] + "." if len(sys.argv) > 4 else ""
    folder, keep = find_models(models)
    names = arn_names(driver)
    process = subprocess.Popen([driver, "--drive"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    compared = equal = operations = empty = 0
    differing = collections.Counter()
    for name, model in load(folder):
        service = ServiceModel(model, name)
        protocol = model["metadata"]["protocol"]
        parser = create_parser(protocol)
        for operation_name in service.operation_names:
            operation = service.operation_model(operation_name)
            if streams(operation):
                continue
            operations += 1
            for turn in range(rounds):
                generator = Generator("%s%s.%s.answer.%d" % (seed, name, operation_name, turn), [1, 0.5][min(turn, 1)], turn > 1)
                generator.moments = [0, 1700000000]
                shape = operation.output_shape
                value = spelt(generator.value(shape, 0, True)) if shape else {}
                headers, body = answer_of(protocol, operation, value)
                theirs = spelt(plain(parser.parse({"headers": HeadersDict(headers), "body": body, "status_code": 200}, shape)))
                payload = shape and shape.serialization.get("payload")
                if payload and body == b"" and theirs.get(payload) in ({}, ""):
                    streaming = shape.members[payload].serialization.get("streaming")
                    if not streaming:
                        theirs.pop(payload)
                        empty += 1
                call = {
                    "service": names[service.metadata["serviceId"]],
                    "operation": operation_name,
                    "status": 200,
                    "headers": headers,
                    "body": base64.b64encode(body).decode(),
                }
                process.stdin.write(json.dumps(call) + "\n")
                process.stdin.flush()
                ours = json.loads(process.stdout.readline())
                compared += 1
                if ours == theirs:
                    equal += 1
                    continue
                differing["%s.%s" % (name, operation_name)] += 1
                if sum(differing.values()) <= 20:
                    print("%s.%s\n    body:   %.800r\n    ours:   %.800r\n    theirs: %.800r" % (name, operation_name, body, ours, theirs))
    process.stdin.close()
    process.wait()
    print("empty-payload:", empty)
    print("differing:", dict(differing.most_common(40)))
    print("%d operations, %d answers, %d read alike: %.3f%%" % (operations, compared, equal, 100.0 * equal / max(1, compared)))
    del keep
    return 0 if compared and equal >= 0.999 * compared else 1


if __name__ == "__main__":
    sys.exit(main())
