#!/usr/bin/env python3
"""Writes endpoint_table.c: where AWS's services stand, as far as that follows no rule.

    python3 endpoint_table.py <folder with _endpoints.json> > endpoint_table.c

Only for renewing; a build needs the result alone. Reads botocore's endpoints.json and, for what came
after it, the rule sets of the botocore that is installed: where one says by region and kind alone where
its service stands, it counts. A row is written where a host differs from its partition's pattern; rows
that all regions share become one with "*".
"""
import collections
import json
import re
import sys

import botocore.session
from botocore.endpoint_provider import EndpointProvider

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


# What these answer depends on more than region and kind: a bucket, an account.
BY_PARAMETERS = {"s3", "s3-control", "s3-outposts", "s3express-control"}
RULED = ("aws", "aws-cn", "aws-us-gov")
FLAGS = {"": (False, False), "fips": (True, False), "dualstack": (False, True),
         "fips,dualstack": (True, True)}


def rule_sets():
    """endpoint prefix -> the providers of the services that have it"""
    loader = botocore.session.get_session().get_component("data_loader")
    partitions = loader.load_data("partitions")
    found = collections.defaultdict(list)
    for name in loader.list_available_services("service-2"):
        try:
            rules = loader.load_service_model(name, "endpoint-rule-set-1")
        except Exception:
            continue
        prefix = loader.load_service_model(name, "service-2")["metadata"]["endpointPrefix"]
        found[prefix].append(EndpointProvider(rules, partitions))
    return found


def resolved(provider, region, kind):
    fips, dual = FLAGS[kind]
    try:
        e = provider.resolve_endpoint(Region=region, UseFIPS=fips, UseDualStack=dual)
    except Exception:
        return None
    scopes = [a.get("signingRegion", "") for a in e.properties.get("authSchemes", []) if a["name"] == "sigv4"]
    return e.url.split("://")[1].split("/")[0], scopes[0] if scopes and scopes[0] else ""


def shared_by_all(known):
    """One (host, signing region) for every region: the same everywhere, or with the region in it."""
    same = set(known.values())
    holds_region = any(r in h for r, (h, s) in known.items())
    if len(same) == 1 and (len(known) > 1 or not holds_region):
        return same.pop()
    patterned = {(h.replace(r, "{region}"), "" if s == r else s) for r, (h, s) in known.items()}
    return patterned.pop() if len(patterned) == 1 else None


def rows_by_rules(partition, name, providers):
    """None: the services that share the prefix stand apart, or want to know more."""
    usual = patterns(partition)
    rows = []
    for kind in FLAGS:
        by_region = {}
        for region in partition["regions"]:
            answers = {resolved(p, region, kind) for p in providers}
            if len(answers) != 1:
                return None
            by_region[region] = answers.pop()
        known = {r: a for r, a in by_region.items() if a}
        fips = "-fips" if "fips" in kind else ""
        suffix = usual["dualstack"][1] if "dualstack" in kind and "dualstack" in usual else usual[""][1]
        rule = (name + fips + ".{region}." + suffix, "")
        shared = shared_by_all(known) if known else rule
        if shared is None:
            each = [(r, h.replace(r, "{region}"), "" if s == r else s) for r, (h, s) in sorted(known.items())]
            rows += [(name, r, kind, h, s) for r, h, s in each if (h, s) != rule]
        elif shared != rule:
            rows.append((name, "*", kind) + shared)
    return rows


def all_rows(partition, providers):
    listed = collections.defaultdict(list)
    for row in rows_of(partition):
        listed[row[0]].append(row)
    for name in sorted(set(listed) | set(providers)):
        rows = None
        if name in providers and name not in BY_PARAMETERS and partition["partition"] in RULED:
            rows = rows_by_rules(partition, name, providers[name])
        yield from listed[name] if rows is None else rows


def main():
    providers = rule_sets()
    folder = sys.argv[1]
    table = json.load(open(folder + "/_endpoints.json"))
    print("/* Where AWS's services stand, as far as that follows no rule. Written by endpoint_table.py from\n"
          " * botocore's endpoints.json (October 2026) and rule sets (1.43.11; Apache-2.0, Copyright\n"
          " * Amazon.com, Inc. or its affiliates). Renew it with that; do not edit. */\n"
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
        for row in all_rows(p, providers):
            print('    {"%s", "%s", "%s", "%s", "%s", "%s"},' % ((p["partition"],) + row))
    print("};\nconst size_t endpoint_row_count = sizeof endpoint_rows / sizeof *endpoint_rows;")


main()
