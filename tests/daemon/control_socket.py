#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Speaks to the daemon's control socket as ktftpctl never would.

  control_socket.py SOCKET say
      sends what is on standard input, as it is, says that there is no more, and prints what comes back.

  control_socket.py SOCKET drip
      sends what is on standard input byte by byte, and prints the first line that comes back.

  control_socket.py SOCKET huge BYTES
      sends a line of so many bytes and prints what comes back until the daemon hangs up.

  control_socket.py SOCKET deaf COMMAND TIMES
      asks so many times without listening, until the daemon hangs up; prints "hung up" or "asked on".

  control_socket.py SOCKET crowd COUNT
      connects so many times, then asks by each connection; prints how many were answered, and how many refused.
"""
import json
import socket
import sys
import time

PATIENCE_S = 30


def connect(path):
    sock = socket.socket(socket.AF_UNIX)
    # With a time limit it would fail instead of waiting when many others knock.
    sock.connect(path)
    sock.settimeout(PATIENCE_S)
    return sock


def line(command):
    return json.dumps({"command": command}).encode() + b"\n"


def read_all(sock):
    """Until the other end hangs up, which may be with a reset when it has not read everything."""
    said = b""
    while True:
        try:
            piece = sock.recv(65536)
        except ConnectionResetError:
            return said
        if not piece:
            return said
        said += piece


def read_line(sock):
    said = b""
    while not said.endswith(b"\n"):
        piece = sock.recv(65536)
        if not piece:
            break
        said += piece
    return said


def say(path):
    sock = connect(path)
    sock.sendall(sys.stdin.buffer.read())
    sock.shutdown(socket.SHUT_WR)
    sys.stdout.buffer.write(read_all(sock))


def drip(path):
    sock = connect(path)
    for byte in sys.stdin.buffer.read():
        sock.sendall(bytes([byte]))
        time.sleep(0.002)
    sys.stdout.buffer.write(read_line(sock))


def huge(path, size):
    sock = connect(path)
    try:
        sock.sendall(b"{" * int(size) + b"\n")
    except (BrokenPipeError, ConnectionResetError):
        pass
    sys.stdout.buffer.write(read_all(sock))


def deaf(path, command, times):
    sock = connect(path)
    try:
        for _ in range(int(times)):
            sock.sendall(line(command))
    except (BrokenPipeError, ConnectionResetError):
        print("hung up")
        return
    print("asked on")


def crowd(path, count):
    socks = [connect(path) for _ in range(int(count))]
    answered = refused = 0
    for sock in socks:
        try:
            sock.sendall(line("status"))
        except (BrokenPipeError, ConnectionResetError):
            pass
        answer = json.loads(read_line(sock))
        answered += answer["ok"]
        refused += "too many" in answer.get("error", "")
    print(answered, refused)


def main():
    path, what, *words = sys.argv[1:]
    {"say": say, "drip": drip, "huge": huge, "deaf": deaf, "crowd": crowd}[what](path, *words)


main()
