"""What a program of the same user tries against a process: prints each way that worked."""
import ctypes, os, signal, sys

pid, libc = int(sys.argv[1]), ctypes.CDLL(None, use_errno=True)
libc.ptrace.restype = ctypes.c_long
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]


def read(name):
    with open(f"/proc/{pid}/{name}", "rb") as file:
        return file.read() != b""


def mem():
    with open("/proc/%d/maps" % pid) as maps, open("/proc/%d/mem" % pid, "rb", 0) as memory:
        memory.seek(int(maps.readline().split("-")[0], 16))
        return len(memory.read(16)) == 16


def fd():
    return [os.readlink(f"/proc/{pid}/fd/{n}") for n in os.listdir(f"/proc/{pid}/fd")] != []


def attach():
    if libc.ptrace(16, pid, None, None) != 0:
        return False
    os.waitpid(pid, 0)
    libc.ptrace(17, pid, None, None)
    return True


class Part(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]


def vm_readv(address):
    room = ctypes.create_string_buffer(16)
    here = Part(ctypes.cast(room, ctypes.c_void_p), 16)
    there = Part(ctypes.c_void_p(address), 16)
    return libc.process_vm_readv(pid, ctypes.byref(here), 1, ctypes.byref(there), 1, 0) == 16


# Without maps an attacker guesses; the given address of a readable page stands for a good guess.
tries = {
    "maps": lambda: read("maps"),
    "environ": lambda: read("environ"),
    "mem": mem,
    "fd": fd,
    "attach": attach,
    "vm_readv": lambda: vm_readv(int(sys.argv[2], 16)),
}
for name, action in tries.items():
    try:
        if action():
            print(name)
    except OSError:
        pass
