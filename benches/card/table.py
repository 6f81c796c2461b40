"""A table of results.jsonl. usage: table.py results.jsonl"""

import json
import sys

with open(sys.argv[1]) as file:
    lines = [json.loads(line) for line in file]
workloads = sorted({line["workload"] for line in lines if "workload" in line})
print(f"{'characters a second':32}", *(f"{name:>11}" for name in workloads))
for contestant in dict.fromkeys(line["contestant"] for line in lines if "workload" in line):
    of = {line["workload"]: line for line in lines if line["contestant"] == contestant}
    cells = [f"{of[name]['median']:11.0f}" if "median" in of.get(name, {}) else f"{'–':>11}" for name in workloads]
    print(f"{contestant:32}", *cells)
for line in lines:
    if "error" in line or "result" in line:
        print(line)
