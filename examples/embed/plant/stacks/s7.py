"""An S7 controller with a data block, and an engineering station that reads, writes, loads and stops it (python-snap7)."""

import logging
from datetime import datetime

from acts import NET, Stack, act, answer, pair, refusal, refused, refused_pair, request, threaded
from snap7.client import Client
from snap7.server import Server
from snap7.type import SrvArea

HOST, PORT = f"{NET}.13", 10102
logging.getLogger("snap7").setLevel(logging.CRITICAL)


async def run(perform):
    server, client = Server(log=False), Client()
    server.register_area(SrvArea.DB, 1, bytearray(range(64)))
    server.register_area(SrvArea.MK, 0, bytearray(64))
    server.start_to(HOST, PORT)
    try:
        await perform(client)
    finally:
        client.disconnect()
        server.stop()


def loads(code, **fields):
    return pair(code=code, operation="program_upload", **fields)


def stores(code, asked, answered=None, **fields):
    return pair(asked, answered, code=code, operation="program_download", **fields)


block = {"object": ["DB"], "address": [1]}
STOPPED = {"rule": "Controller Stopped or Restarted"}
# The answer to PLC Control does not say which service was asked for, so it is told as one that changes something.
control_answer = answer(code=40, operation="config_change")
ACTS = [
    act("connect", threaded(lambda c: c.connect(HOST, 0, 1, PORT)),
        *pair(code=240, operation="session")),
    act("read 4 bytes of data block 1 from byte 8", threaded(lambda c: c.db_read(1, 8, 4)),
        *pair({"object": ["DB", "1"], "address": [8]}, {"value": ["08:09:0a:0b"]}, code=4, operation="read", quantity=1)),
    act("write 2 bytes of data block 1 from byte 20", threaded(lambda c: c.db_write(1, 20, bytearray(b"\x12\x34"))),
        *pair({"object": ["DB", "1"], "address": [20], "value": ["12:34"]}, code=5, operation="write", quantity=1)),
    act("write flag byte 3", threaded(lambda c: c.mb_write(3, 1, bytearray(b"\x01"))),
        *pair({"object": ["M"], "address": [3], "value": ["01"]}, code=5, operation="write", quantity=1)),
    act("read a data block that is not there", refused(lambda c: c.db_read(9, 0, 2)),
        *refused_pair(10, {"object": ["DB", "9"], "address": [0]}, code=4, operation="read", quantity=1)),
    # This server refuses with a bare acknowledgement, which does not say of what.
    act("write a data block that is not there", refused(lambda c: c.db_write(9, 0, bytearray(b"\x01"))),
        request(code=5, operation="write", object=["DB", "9"], address=[0], value=["01"], quantity=1),
        refusal(0x8404, operation="error")),
    act("list the blocks", refused(lambda c: c.list_blocks()),
        *pair(code=3, subcode=1, operation="discovery")),
    act("read the clock", refused(lambda c: c.get_plc_datetime()),
        *pair(None, {"value": "*"}, code=7, subcode=1, operation="read")),
    act("set the clock", refused(lambda c: c.set_plc_datetime(datetime(2026, 11, 26, 12, 30, 15))),
        *pair({"value": ["2026-11-26T12:30:15.000000000Z"]}, code=7, subcode=2, operation="time_sync")),
    act("give a password", refused(lambda c: c.set_session_password("secret")),
        *pair({"flag": ["cleartext_credential"]}, code=5, subcode=1, operation="auth")),
    act("upload data block 1", refused(lambda c: c.upload(1)),
        *loads(29, asked={**block, "file": ["_0A00001A"]}), *loads(30, answered={"quantity": "*"}), *loads(31)),
    # The controller fetches the block: from the second message on it is the one that asks.
    act("download data block 1", refused(lambda c: c.download(bytearray(b"\x70\x70" + b"\x00" * 40), 1)),
        *stores(26, {**block, "file": ["_0A00001P"]}),
        *stores(27, {**block, "file": ["_0A00001P"]}, by="server", answered={"quantity": 42}),
        *stores(28, {**block, "file": ["_0A00001P"]}, by="server")),
    act("stop the controller", threaded(lambda c: c.plc_stop()),
        *pair(STOPPED, code=41, operation="mode_stop")),
    act("start it warm", threaded(lambda c: c.plc_hot_start()),
        request(code=40, operation="mode_run", **STOPPED), control_answer),
    act("start it cold", threaded(lambda c: c.plc_cold_start()),
        request(code=40, operation="mode_run", **STOPPED), control_answer),
    act("copy its memory", threaded(lambda c: c.copy_ram_to_rom()),
        request(code=40, operation="config_change"), control_answer),
]
STACK = Stack("s7comm", HOST, PORT, ACTS, run)
