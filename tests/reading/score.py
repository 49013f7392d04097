#!/usr/bin/env python3
"""Reads the pictures of pictures.py with three readers and compares: score.py FOLDER OTP-HELPER

A picture is read when its payload comes out byte for byte and nothing else does; anything else that
comes out is wrong. CPU time is that of one process a picture (zxing-cpp's has Python in it). The exit status is 1 if otp-helper
reads less than 99 % of all, less than 90 % of a category, fewer of a category than another reader,
or anything wrong.
"""
import collections
import json
import pathlib
import resource
import statistics
import subprocess
import sys

ZXING = """
import sys, zxingcpp
from PIL import Image
for code in zxingcpp.read_barcodes(Image.open(sys.argv[1])):
    print(code.text)
"""


def ours(helper, picture):
    with open(picture, "rb") as pixels:
        command = [helper, "parse", "--image", "--text"]
        lines = subprocess.run(command, stdin=pixels, capture_output=True).stdout.decode()
    found = [json.loads(line) for line in lines.splitlines()]
    return [one["text"] for one in found if "text" in one]


def zxing(_, picture):
    command = [sys.executable, "-c", ZXING, picture]
    return subprocess.run(command, capture_output=True).stdout.decode().splitlines()


def zbar(_, picture):
    command = ["zbarimg", "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", picture]
    return subprocess.run(command, capture_output=True).stdout.decode().splitlines()


READERS = {"otp-helper": ours, "zxing-cpp": zxing, "zbar": zbar}


def cpu():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (used.ru_utime + used.ru_stime) * 1000


def main():
    folder, helper = pathlib.Path(sys.argv[1]), sys.argv[2]
    rows = [json.loads(line) for line in open(folder / "manifest.jsonl", encoding="utf-8")]
    read = {name: collections.Counter() for name in READERS}
    wrong = collections.Counter()
    times = {name: [] for name in READERS}
    total = collections.Counter(row["category"] for row in rows)
    for row in rows:
        for name, reader in READERS.items():
            before = cpu()
            found = reader(helper, str(folder / row["file"]))
            times[name].append(cpu() - before)
            read[name][row["category"]] += row["payload"] in found
            wrong[name] += any(text != row["payload"] for text in found)
    print("| pictures | " + " | ".join(READERS) + " |")
    print("| --- " * (len(READERS) + 1) + "|")
    for category, count in total.items():
        cells = [f"{read[name][category]} of {count}" for name in READERS]
        print(f"| {category.replace('_', ' ')} | " + " | ".join(cells) + " |")
    for title, cell in [
        ("all", lambda name: f"{sum(read[name].values())} of {len(rows)}"),
        ("something else read", lambda name: str(wrong[name])),
        ("CPU, median", lambda name: f"{statistics.median(times[name]):.0f} ms"),
        ("CPU, most", lambda name: f"{max(times[name]):.0f} ms"),
    ]:
        print(f"| {title} | " + " | ".join(cell(name) for name in READERS) + " |")
    own = read["otp-helper"]
    is_short = sum(own.values()) < 0.99 * len(rows) or wrong["otp-helper"]
    for category, count in total.items():
        best = max(read[name][category] for name in READERS)
        is_short |= own[category] < max(0.9 * count, best)
    sys.exit(bool(is_short))


main()
