#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""A TFTP client for what other clients cannot be made to do. All of it in lock-step, without options.

  tftp.py watch ADDR PORT [--seconds N] NAME...
      downloads the names in turn, again and again, until SIGTERM or for so long. Each content is to be lines
      "VERSION NAME", all alike, and as many as the first line says behind that; what is torn fails, and so does a
      version that is older than one seen before, in whichever of the files: they are swapped together or not at all.
      Prints how many downloads there were and of how many versions.

  tftp.py write DIRECTORY VERSION LINES NAME...
      writes such contents beside the files that are there, and renames each over its file.

  tftp.py ask ADDR PORT NAME TIMES INTERVAL_MS WAIT_MS
      sends the same request so often, from one port, answers nothing until so long after the last of them and after
      the first answer, and then takes the file. Prints "PORTS BLOCKS BYTES": from how many ports answers came, how often
      the first block came, and the size of the file.

  tftp.py answer ADDR PORT NAME WAIT_MS
      asks once and prints what comes within that time: "data", "error CODE", or "silence".

  tftp.py port ADDR PORT NAME
      downloads the name and prints the port that it came from.
"""
import argparse
import os
import signal
import socket
import struct
import sys
import time

RRQ, DATA, ACK, ERROR = 1, 3, 4, 5
BLOCK = 512
PATIENCE_S = 4
TRIES = 5
MOST_S = 30


class Failure(Exception):
    """Why a download is not what it should be."""


def open_socket(address):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return socket.socket(family, socket.SOCK_DGRAM)


def request(name):
    return struct.pack("!H", RRQ) + name.encode() + b"\0octet\0"


def acknowledge(sock, peer, block):
    sock.sendto(struct.pack("!HH", ACK, block), peer)


def receive(sock, until):
    """The next packet, as (operation, number, body, from), or None when time is over."""
    while True:
        left = until - time.monotonic()
        if left <= 0:
            return None
        sock.settimeout(left)
        try:
            packet, peer = sock.recvfrom(65536)
        except TimeoutError:
            return None
        except ConnectionError:
            continue
        if len(packet) >= 4:
            return *struct.unpack("!HH", packet[:4]), packet[4:], peer


def expect(sock, peer, block, again):
    """That block, asked for again and again."""
    for _ in range(TRIES):
        until = time.monotonic() + PATIENCE_S
        while packet := receive(sock, until):
            operation, number, body, source = packet
            if peer and source != peer:
                continue
            if operation == ERROR:
                raise Failure(f"ERROR {number} {body!r}")
            if operation == DATA and number == block & 0xFFFF:
                return body, source
        again()
    raise Failure(f"block {block} never came")


def take(sock, peer, first):
    """The rest of a download whose first block has come."""
    content, block, body = [first], 1, first
    acknowledge(sock, peer, 1)
    while len(body) == BLOCK:
        block += 1
        body, _ = expect(sock, peer, block, lambda: acknowledge(sock, peer, block - 1 & 0xFFFF))
        acknowledge(sock, peer, block & 0xFFFF)
        content.append(body)
    return b"".join(content)


def fetch_from(address, port, name):
    """The content, and the port that it came from."""
    with open_socket(address) as sock:
        again = lambda: sock.sendto(request(name), (address, port))
        again()
        first, peer = expect(sock, None, 1, again)
        return take(sock, peer, first), peer[1]


def fetch(address, port, name):
    return fetch_from(address, port, name)[0]


def make(name, version, lines):
    return f"{version} {name} {lines}\n".encode() * lines


def version_of(name, content):
    """The version of a content that is whole."""
    line = content[: content.find(b"\n") + 1]
    words = line.split()
    if len(words) != 3 or words[1] != name.encode() or content != line * int(words[2]):
        raise Failure(f"{name} is torn: {len(content)} bytes that begin with {content[:40]!r}")
    return int(words[0])


class Watch:
    """Downloads that go on until somebody says so."""

    def __init__(self, options):
        self.options = options
        self.ended = False
        self.newest, self.seen, self.count = -1, set(), 0
        signal.signal(signal.SIGTERM, self.end)

    def end(self, *_):
        self.ended = True

    def take(self, name):
        version = version_of(name, fetch(self.options.address, self.options.port, name))
        if version < self.newest:
            raise Failure(f"{name} is of version {version} after something of version {self.newest}")
        self.newest = version
        self.seen.add(version)
        self.count += 1

    def run(self):
        until = time.monotonic() + self.options.seconds
        while not self.ended and time.monotonic() < until:
            for name in self.options.names:
                self.take(name)
        print(self.count, len(self.seen))


def watch(options):
    Watch(options).run()


def write(options):
    for name in options.names:
        with open(os.path.join(options.directory, f".{name}.new"), "wb") as file:
            file.write(make(name, options.version, options.lines))
    for name in options.names:
        os.rename(
            os.path.join(options.directory, f".{name}.new"), os.path.join(options.directory, name)
        )


def ask(options):
    with open_socket(options.address) as sock:
        server = (options.address, options.port)
        for _ in range(options.times):
            sock.sendto(request(options.name), server)
            time.sleep(options.interval_ms / 1000)
        blocks = []
        until = time.monotonic() + MOST_S
        while packet := receive(sock, until):
            operation, number, body, peer = packet
            if (operation, number) != (DATA, 1):
                raise Failure(f"operation {operation}, {number}, {body!r}")
            if not blocks:
                until = time.monotonic() + options.wait_ms / 1000
            blocks.append((body, peer))
        if not blocks:
            raise Failure("silence")
        body, peer = blocks[0]
        content = take(sock, peer, body)
        print(len({peer for _, peer in blocks}), len(blocks), len(content))


def answer(options):
    with open_socket(options.address) as sock:
        sock.sendto(request(options.name), (options.address, options.port))
        packet = receive(sock, time.monotonic() + options.wait_ms / 1000)
        if not packet:
            print("silence")
        elif packet[0] == ERROR:
            print("error", packet[1])
        else:
            print({DATA: "data"}.get(packet[0], packet[0]))


def port(options):
    print(fetch_from(options.address, options.port, options.name)[1])


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    commands = parser.add_subparsers(required=True)

    def command(function, *arguments):
        one = commands.add_parser(function.__name__)
        one.set_defaults(function=function)
        for argument in arguments:
            name, kind = argument if isinstance(argument, tuple) else (argument, str)
            one.add_argument(name, type=kind)
        return one

    server = ("address", ("port", int))
    one = command(watch, *server)
    one.add_argument("--seconds", type=float, default=1e9)
    one.add_argument("names", nargs="+")
    command(write, "directory", ("version", int), ("lines", int)).add_argument("names", nargs="+")
    command(ask, *server, "name", ("times", int), ("interval_ms", int), ("wait_ms", int))
    command(answer, *server, "name", ("wait_ms", int))
    command(port, *server, "name")
    return parser.parse_args()


def main():
    options = parse()
    try:
        options.function(options)
    except Failure as failure:
        sys.exit(f"tftp.py: {failure}")


main()
