#!/usr/bin/env python3
"""Writes endpoint_table.c: where AWS's services stand, as far as that follows no rule.

    python3 endpoint_table.py <folder with _endpoints.json> > endpoint_table.c

Only for renewing; a build needs the result alone. Reads botocore's endpoints.json. A row is written
where a host differs from its partition's pattern; rows that all regions share become one with "*".
"""
import json
import re
import sys

KINDS = {(): "", ("fips",): "fips", ("dualstack",): "dualstack",
         ("dualstack", "fips"): "fips,dualstack"}


def patterns(partition):
    defaults = partition["defaults"]
    out = {"": (defaults["hostname"], partition["dnsSuffix"])}
    for v in defaults.get("variants", []):
        out[KINDS[tuple(sorted(v["tags"]))]] = (v["hostname"], v["dnsSuffix"])
    return out


def fill(pattern, service, region, suffix):
    return (pattern.replace("{service}", service).replace("{region}", region)
            .replace("{dnsSuffix}", suffix))


def hosts(service, name, region, endpoint, usual):
    """kind -> host of one region."""
    own = service.get("defaults", {})
    found = {}
    if "hostname" in endpoint or "hostname" in own:
        pattern = endpoint.get("hostname", own.get("hostname"))
        found[""] = fill(pattern, name, region, usual[""][1])
    for v in own.get("variants", []) + endpoint.get("variants", []):
        kind = KINDS[tuple(sorted(v["tags"]))]
        suffix = usual.get(kind, usual[""])[1]
        if "hostname" in v:
            found[kind] = fill(v["hostname"], name, region, v.get("dnsSuffix", suffix))
    return found


def rows_of(partition):
    usual = patterns(partition)
    real = re.compile(partition["regionRegex"])
    for name, service in sorted(partition["services"].items()):
        only = service.get("partitionEndpoint")
        if only and service.get("isRegionalized") is False:
            e = service["endpoints"][only]
            scope = e.get("credentialScope", {}).get("region", "")
            yield name, "*", "", e["hostname"], scope
            for v in e.get("variants", []):
                if v.get("hostname"):
                    yield name, "*", KINDS[tuple(sorted(v["tags"]))], v["hostname"], scope
            continue
        by_kind = {}
        for region, e in service.get("endpoints", {}).items():
            if not real.match(region) or e.get("deprecated"):
                continue
            scope = e.get("credentialScope", {}).get("region", "")
            for kind, host in hosts(service, name, region, e, usual).items():
                pattern, suffix = usual.get(kind, usual[""])
                if host != fill(pattern, name, region, suffix) or scope not in ("", region):
                    by_kind.setdefault(kind, {})[region] = (host, "" if scope == region else scope)
        for kind, regions in sorted(by_kind.items()):
            shared = {(h.replace(r, "{region}"), s) for r, (h, s) in regions.items()}
            if len(shared) == 1:
                host, scope = shared.pop()
                yield name, "*", kind, host, scope
            else:
                for region, (host, scope) in sorted(regions.items()):
                    yield name, region, kind, host.replace(region, "{region}"), scope


def main():
    folder = sys.argv[1]
    table = json.load(open(folder + "/_endpoints.json"))
    print("/* Where AWS's services stand, as far as that follows no rule. Written by endpoint_table.py from\n"
          " * botocore's endpoints.json (October 2026; Apache-2.0, Copyright Amazon.com, Inc. or its\n"
          " * affiliates). Renew it with that; do not edit. */\n"
          '#include "endpoint_table.h"\n')
    print("const struct endpoint_partition endpoint_partitions[] = {")
    for p in table["partitions"]:
        usual = patterns(p)
        prefix = re.sub(r"[\\()^]", "", p["regionRegex"].split(r"\-\w+")[0])
        print('    {"%s", "%s", "%s", "%s"},' % (p["partition"], prefix, p["dnsSuffix"],
                                                 usual.get("dualstack", ("", ""))[1]))
    print("};\nconst size_t endpoint_partition_count =\n"
          "    sizeof endpoint_partitions / sizeof *endpoint_partitions;\n")
    print("const struct endpoint_row endpoint_rows[] = {")
    for p in table["partitions"]:
        for row in rows_of(p):
            print('    {"%s", "%s", "%s", "%s", "%s", "%s"},' % ((p["partition"],) + row))
    print("};\nconst size_t endpoint_row_count = sizeof endpoint_rows / sizeof *endpoint_rows;")


main()
