#!/usr/bin/env python3
"""Asks otpd for a code: get.py QUERY"""
import json, os, socket, sys

path = os.environ.get("OTPD_SOCKET") or os.environ["XDG_RUNTIME_DIR"] + "/otpd/otpd.sock"
agent = socket.socket(socket.AF_UNIX)
agent.connect(path)
request = {"jsonrpc": "2.0", "id": 1, "method": "get", "params": {"query": sys.argv[1]}}
agent.sendall(json.dumps(request).encode() + b"\n")
answer = json.loads(agent.makefile(encoding="utf-8").readline())
sys.exit(answer["error"]["message"]) if "error" in answer else print(answer["result"]["code"])
