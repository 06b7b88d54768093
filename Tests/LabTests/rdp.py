"""Begins an RDP connection as a client does: X.224 with negotiation (MS-RDPBCGR 2.2.1.1), then TLS; prints what was agreed.

usage: rdp.py HOST SOURCE
"""
import socket
import ssl
import struct
import sys

host, source = sys.argv[1:]
with socket.create_connection((host, 3389), timeout=3, source_address=(source, 0)) as stream:
    negotiation = struct.pack("<BBHI", 1, 0, 8, 1)  # RDP_NEG_REQ: TLS, please
    cookie = b"Cookie: mstshash=dana\r\n"
    request = struct.pack(">BHHB", 0xE0, 0, 0, 0) + cookie + negotiation
    packet = bytes([len(request)]) + request
    stream.sendall(struct.pack(">BBH", 3, 0, len(packet) + 4) + packet)
    version, _, length = struct.unpack(">BBH", stream.recv(4, socket.MSG_WAITALL))
    answer = stream.recv(length - 4, socket.MSG_WAITALL)
    kind, _, _, chosen = struct.unpack("<BBHI", answer[7:15])
    assert (version, answer[1], kind, chosen) == (3, 0xD0, 2, 1), answer.hex()
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # xrdp's certificate is its own
    with context.wrap_socket(stream) as secured:
        print("rdp over", secured.version())
