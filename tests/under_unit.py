#!/usr/bin/env python3
"""Runs a command under the system call filter of a unit, without a service manager.

Usage: under_unit.py UNIT COMMAND...

Takes SystemCallFilter=, RestrictAddressFamilies= and NoNewPrivileges= as systemd.exec(5) means them
(lists of what is allowed, and EPERM for the rest), for x86_64. The groups are systemd-analyze's own.
"""

import ctypes
import re
import struct
import subprocess
import os
import sys

HEADERS = ["/usr/include/x86_64-linux-gnu/asm/unistd_64.h", "/usr/include/asm/unistd_64.h"]
PR_SET_SECCOMP, SECCOMP_MODE_FILTER, PR_SET_NO_NEW_PRIVS = 22, 2, 38
ALLOW, ERRNO = 0x7FFF0000, 0x00050000
EPERM, EAFNOSUPPORT = 1, 97
FAMILIES = {"AF_UNIX": 1, "AF_INET": 2, "AF_INET6": 10, "AF_NETLINK": 16}
LOAD, EQUAL, RETURN = 0x20, 0x15, 0x06


def groups():
    """Every group's members."""
    said = subprocess.run(
        ["systemd-analyze", "syscall-filter"], capture_output=True, text=True, check=True
    ).stdout
    found, name = {}, None
    for line in said.splitlines():
        word = line.split("#")[0].strip()
        if line.startswith("@"):
            name = word
            found[name] = []
        elif word and name:
            found[name].append(word)
    return found


def calls(names, known):
    for name in names:
        if name.startswith("@"):
            yield from calls(known[name], known)
        else:
            yield name


def main():
    unit = open(sys.argv[1]).read()
    values = lambda key: " ".join(re.findall(rf"^{key}=(.*)$", unit, re.M)).split()
    header = next(path for path in HEADERS if os.path.exists(path))
    numbers = dict(re.findall(r"#define __NR_(\w+) (\d+)", open(header).read()))
    allowed = {
        int(numbers[name])
        for name in calls(values("SystemCallFilter"), groups())
        if name in numbers
    }
    families = [FAMILIES[name] for name in values("RestrictAddressFamilies")]
    assert len(allowed) > 100 and families, "the unit restricts nothing"
    program = []
    add = lambda code, yes, no, value: program.append(struct.pack("=HBBI", code, yes, no, value))
    add(LOAD, 0, 0, 0)
    # socket(2), by its first argument.
    add(EQUAL, 0, len(families) * 2 + 2, int(numbers["socket"]))
    add(LOAD, 0, 0, 16)
    for family in families:
        add(EQUAL, 0, 1, family)
        add(RETURN, 0, 0, ALLOW)
    add(RETURN, 0, 0, ERRNO | EAFNOSUPPORT)
    for number in sorted(allowed):
        add(EQUAL, 0, 1, number)
        add(RETURN, 0, 0, ALLOW)
    add(RETURN, 0, 0, ERRNO | EPERM)
    code = ctypes.create_string_buffer(b"".join(program))

    class Program(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ushort), ("code", ctypes.c_void_p)]

    whole = Program(len(program), ctypes.addressof(code))
    libc = ctypes.CDLL(None, use_errno=True)
    for call in [
        (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0),
        (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(whole), 0, 0),
    ]:
        if libc.prctl(*call):
            sys.exit(f"prctl: {os.strerror(ctypes.get_errno())}")
    os.execvp(sys.argv[2], sys.argv[2:])


main()
