#!/usr/bin/env python3
"""What 1,000 entries of KeePassXC and 1,000 of pass cost an entry of our own.

Usage: tests/bench/sources.py [FOLDER OF THE PROGRAMS]   (target/dist)

Two agents with the same 100 entries, one of them with both sources; `otpctl get` of an own entry is
timed in turns, whole process, and the medians compared. Needs keepassxc-cli.
"""

import base64
import hashlib
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROUNDS = 5
TIMES = 100
COUNT = 1000
PASSPHRASE = b"correct horse battery staple\n"


class Agent:
    """An agent of its own, unlocked, with 100 entries."""

    def __init__(self, root, name, programs):
        self.home = os.path.join(root, name)
        run = os.path.join(self.home, "run")
        os.makedirs(run, mode=0o700)
        self.env = {
            "HOME": self.home,
            "XDG_RUNTIME_DIR": run,
            "PATH": programs + ":/usr/bin:/bin",
            "LANG": "C.UTF-8",
        }
        self.otpctl = os.path.join(programs, "otpctl")
        otpd = os.path.join(programs, "otpd")
        self.otpd = subprocess.Popen([otpd], env=self.env, stderr=subprocess.PIPE)
        while b"ready at" not in self.otpd.stderr.readline():
            pass
        self.ctl(["init"], PASSPHRASE)
        uris = b"".join(
            b"otpauth://totp/Own%d:me?secret=%s\n" % (n, key(n).encode()) for n in range(100)
        )
        self.ctl(["import", "-"], uris)

    def ctl(self, arguments, stdin=b""):
        done = subprocess.run(
            [self.otpctl, "--no-start", *arguments], env=self.env, input=stdin, capture_output=True
        )
        if done.returncode:
            sys.exit(f"otpctl {arguments}: {done.stderr.decode()}")
        return done.stdout.decode()

    def get(self):
        """Seconds of `otpctl get`."""
        command = [self.otpctl, "--no-start", "get", "Own50:me"]
        # No more codes are handed out than 50 in a second.
        time.sleep(0.025)
        begin = time.perf_counter()
        subprocess.run(command, env=self.env, stdout=subprocess.DEVNULL, check=True)
        return time.perf_counter() - begin

    def pss(self):
        """Proportional set size in MB."""
        with open(f"/proc/{self.otpd.pid}/smaps_rollup") as rollup:
            lines = dict(line.split(":", 1) for line in rollup if ":" in line)
        return int(lines["Pss"].split()[0]) / 1000


def key(number):
    return base64.b32encode(hashlib.sha1(b"%d" % number).digest()).decode()


def database(path):
    field = "<String><Key>{}</Key><Value>{}</Value></String>".format
    entries = "".join(
        "<Entry>"
        + field("Title", f"Bank{n}")
        + field("UserName", "me")
        + field("otp", f"otpauth://totp/x?secret={key(n)}&amp;period=30&amp;digits=6")
        + "</Entry>"
        for n in range(COUNT)
    )
    xml = path + ".xml"
    with open(xml, "w") as file:
        file.write(
            '<?xml version="1.0" encoding="UTF-8"?><KeePassFile><Root><Group><Name>Root</Name>'
            + entries
            + "</Group></Root></KeePassFile>"
        )
    command = ["keepassxc-cli", "import", "-q", "-p", "-t", "100", xml, path]
    subprocess.run(command, input=b"secret\nsecret\n", check=True)


def store(path):
    """Names are all that is read of it."""
    for n in range(COUNT):
        folder = os.path.join(path, f"folder{n % 50}")
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, f"entry{n}.gpg"), "wb") as file:
            file.write(b"-")


def main():
    programs = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "target/dist")
    root = tempfile.mkdtemp(prefix="otpb-")
    agents = []
    try:
        plain = Agent(root, "plain", programs)
        agents.append(plain)
        rich = Agent(root, "rich", programs)
        agents.append(rich)
        file, folder = os.path.join(root, "a.kdbx"), os.path.join(root, "store")
        database(file)
        store(folder)
        rich.ctl(["source", "add", "kdbx", "--kdbx", file], b"secret\n")
        rich.ctl(["source", "add", "pass", "--pass", "--store", folder])
        entries = rich.ctl(["list", "--names"]).count("\n")
        assert entries == 100 + 2 * COUNT, entries
        for agent in agents:
            agent.get()
        ratios, medians = [], []
        for _ in range(ROUNDS):
            times = [[], []]
            for _ in range(TIMES):
                times[0].append(plain.get())
                times[1].append(rich.get())
            pair = [statistics.median(each) * 1e6 for each in times]
            medians.append(pair)
            ratios.append(pair[1] / pair[0])
        middle = sorted(medians, key=lambda pair: pair[1] / pair[0])[ROUNDS // 2]
        print(
            f"get of an own entry: {middle[1]:.0f} µs with {2 * COUNT} entries of sources, "
            f"{middle[0]:.0f} µs without, ratio {statistics.median(ratios):.2f} "
            f"({min(ratios):.2f} to {max(ratios):.2f})"
        )
        print(f"PSS of otpd: {rich.pss():.2f} MB with them, {plain.pss():.2f} MB without")
    finally:
        for agent in agents:
            agent.otpd.terminate()
            agent.otpd.wait()
        shutil.rmtree(root)


main()
