#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Receives what ktftpd logs, until SIGTERM, and prints a JSON object a line for each message that came.

  log_receiver.py udp|tcp PORT     a syslog server on 127.0.0.1, that knows RFC 5424 and, over TCP, the octet counting
                                   of RFC 6587, and takes nothing else
  log_receiver.py journal PATH     a journal

What is not as these have it is printed as {"error": TEXT}.
"""
import json
import os
import re
import select
import signal
import socket
import sys

HEADER = re.compile(
    rb"<(?P<pri>0|[1-9][0-9]{0,2})>1 "
    rb"(?P<time>[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?(?:Z|[+-][0-9]{2}:[0-9]{2})) "
    rb"(?P<host>[!-~]{1,255}) (?P<app>[!-~]{1,48}) (?P<pid>[!-~]{1,128}) (?P<id>[!-~]{1,32}) ")
SD_NAME = re.compile(rb"[!#-<>-\\^-~]{1,32}")
BOM = b"\xef\xbb\xbf"
SO_RCVBUFFORCE = 33  # Python does not know it
CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e]")


class Malformed(Exception):
    """Why a message is not as it should be."""


def text_of(value, what):
    try:
        text = value.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Malformed(f"{what} is no UTF-8: {value!r}") from error
    if CONTROLS.search(text):
        raise Malformed(f"{what} has control characters: {value!r}")
    return text


def read_name(data, at):
    match = SD_NAME.match(data, at)
    if not match:
        raise Malformed(f"no name in structured data at {at}: {data!r}")
    return match.group().decode(), match.end()


def read_value(data, at):
    """A PARAM-VALUE behind its first quote: '"', '\\' and ']' have a backslash before them, nothing else has."""
    value = bytearray()
    while data[at:at + 1] != b'"':
        byte = data[at:at + 1]
        if not byte or byte == b"]":
            raise Malformed(f"a value is not closed, or has a bare ]: {data!r}")
        if byte == b"\\":
            at += 1
            byte = data[at:at + 1]
            if byte not in (b'"', b"\\", b"]"):
                raise Malformed(f"a backslash before {byte!r}: {data!r}")
        value += byte
        at += 1
    return text_of(bytes(value), "a value"), at + 1


def read_element(data, at):
    name, at = read_name(data, at + 1)
    parameters = {}
    while data[at:at + 1] == b" ":
        key, at = read_name(data, at + 1)
        if data[at:at + 2] != b'="':
            raise Malformed(f"{key} has no value: {data!r}")
        parameters[key], at = read_value(data, at + 2)
    if data[at:at + 1] != b"]":
        raise Malformed(f"an element is not closed: {data!r}")
    return name, parameters, at + 1


def read_message(data):
    match = HEADER.match(data)
    if not match or int(match["pri"]) > 191:
        raise Malformed(f"no header: {data!r}")
    message = {key: value.decode() for key, value in match.groupdict().items()}
    at = match.end()
    elements = {}
    if data[at:at + 1] == b"-":
        at += 1
    else:
        while data[at:at + 1] == b"[":
            name, parameters, at = read_element(data, at)
            if name in elements:
                raise Malformed(f"{name} is there twice: {data!r}")
            elements[name] = parameters
        if not elements:
            raise Malformed(f"no structured data: {data!r}")
    message["data"] = elements
    if at == len(data):
        return message
    if data[at:at + 1] != b" ":
        raise Malformed(f"no blank before the text: {data!r}")
    text = data[at + 1:]
    if not text.startswith(BOM) and not text.isascii():
        raise Malformed(f"UTF-8 without a BOM: {data!r}")
    message["text"] = text_of(text[len(BOM):] if text.startswith(BOM) else text, "the text")
    return message


def read_journal(data):
    """The plain form alone: a field a line."""
    fields = {}
    if not data.endswith(b"\n"):
        raise Malformed(f"the last line has no end: {data!r}")
    for line in data[:-1].split(b"\n"):
        key, equals, value = line.partition(b"=")
        if not equals or not re.fullmatch(rb"[A-Z][A-Z0-9_]{0,63}", key):
            raise Malformed(f"no field: {line!r}")
        if key.decode() in fields:
            raise Malformed(f"{key!r} is there twice: {data!r}")
        fields[key.decode()] = text_of(value, key.decode())
    return fields


def tell(read, data):
    try:
        print(json.dumps(read(data)), flush=True)
    except Malformed as error:
        print(json.dumps({"error": str(error)}), flush=True)


def take_frames(buffer):
    """Messages of octet counting, and what is left."""
    while True:
        match = re.match(rb"([1-9][0-9]{0,6}) ", buffer)
        if not match:
            if len(buffer) > 7 or not re.fullmatch(rb"([1-9][0-9]*)?", buffer):
                tell(lambda _: (_ for _ in ()).throw(Malformed(f"no length: {buffer[:100]!r}")), buffer)
                return b""
            return buffer
        end = match.end() + int(match[1])
        if len(buffer) < end:
            return buffer
        tell(read_message, buffer[match.end():end])
        buffer = buffer[end:]


def serve_tcp(port):
    listener = socket.create_server(("127.0.0.1", port))
    buffers = {}
    while True:
        for sock in select.select([listener, *buffers], [], [])[0]:
            if sock is listener:
                buffers[sock.accept()[0]] = b""
                continue
            data = sock.recv(65536)
            if data:
                buffers[sock] = take_frames(buffers[sock] + data)
            else:
                del buffers[sock]
                sock.close()


def serve_datagrams(sock, read):
    sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 32 << 20)
    while True:
        tell(read, sock.recv(65536))


def main():
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    kind, where = sys.argv[1:]
    if kind == "tcp":
        serve_tcp(int(where))
    elif kind == "udp":
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind(("127.0.0.1", int(where)))
        serve_datagrams(sock, read_message)
    else:
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        sock.bind(where)
        os.chmod(where, 0o666)
        serve_datagrams(sock, read_journal)


main()
