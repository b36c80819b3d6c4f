"""A controller with tags (cpppo), and two clients: tags by Unconnected Send (cpppo), attributes of objects without (pycomm3)."""

import asyncio
import logging
import sys

from acts import NET, Stack, act, pair, refusal, refused, refused_pair, request, threaded
from cpppo.server.enip import client as enip
from pycomm3 import CIPDriver, Services

HOST, PORT = f"{NET}.15", 44818
logging.getLogger("pycomm3").setLevel(logging.CRITICAL)


async def run(perform):
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "cpppo.server.enip", "--address", f"{HOST}:{PORT}", "LEVEL=REAL[4]", "SPEED=DINT", "PUMP@147/1/3=INT",
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL)
    station = Station()
    try:
        for _ in range(100):
            try:
                _, probe = await asyncio.open_connection(HOST, PORT)
                probe.close()
                break
            except OSError:
                await asyncio.sleep(0.1)
        await perform(station)
    finally:
        server.terminate()
        await server.wait()


class Station:
    def connect(self):
        self.tags = enip.connector(host=HOST, port=PORT, timeout=5)

    def tag(self, *words):
        with self.tags:
            return list(self.tags.synchronous(operations=enip.parse_operations(words), timeout=5))

    def connect_objects(self):
        self.objects = CIPDriver(HOST)
        self.objects.open()

    def ask(self, service, **path):
        return self.objects.generic_message(service=service, connected=False, route_path=False, **path)

    def leave(self):
        self.objects.close()


slot = {"unit": 0}
identity = {"object": ["Identity"], "address": [1]}
PRODUCT = ["1756-L61/B LOGIX5561"]
session = {"protocol": "enip", "operation": "session"}
ACTS = [
    act("register a session", threaded(lambda c: c.connect()),
        *pair(code=101, **session)),
    act("read a tag", threaded(lambda c: c.tag("LEVEL[0]")),
        *pair(None, {"value": ["ca:00:00:00:00:00"]}, code=76, operation="read", address=["LEVEL"], **slot)),
    act("write a tag: 4711", threaded(lambda c: c.tag("SPEED=(DINT)4711")),
        *pair({"value": ["c4:00:01:00:67:12:00:00"]},
              code=77, operation="write", address=["SPEED"], **slot)),
    act("write two of an array: 1.5, 2.5", threaded(lambda c: c.tag("LEVEL[1-2]=(REAL)1.5,2.5")),
        *pair({"value": ["ca:00:02:00:00:00:c0:3f:00:00:20:40"]},
              code=77, operation="write", address=["LEVEL"], **slot)),
    # This server refuses with a status of the header, without saying to what.
    act("read a tag that is not there", refused(lambda c: c.tag("NOTHING")),
        request(code=76, operation="read", address=["NOTHING"], **slot), refusal(8, code=111, **session)),
    act("register another session", threaded(lambda c: c.connect_objects()),
        *pair(code=101, **session)),
    act("read an attribute", threaded(lambda c: c.ask(Services.get_attribute_single, class_code=1, instance=1, attribute=7)),
        *pair(None, {"value": PRODUCT}, code=14, subcode=7, operation="discovery", **identity)),
    act("read all attributes", threaded(lambda c: c.ask(Services.get_attributes_all, class_code=1, instance=1)),
        *pair(None, {"value": PRODUCT}, code=1, operation="discovery", **identity)),
    act("write an attribute, which is refused", threaded(lambda c: c.ask(
        Services.set_attribute_single, class_code=147, instance=1, attribute=3, request_data=b"\x09\x00\x01")),
        *refused_pair(8, {"value": ["09:00:01"]}, {"rule": "Write Refused"},
                      code=16, subcode=3, operation="write", object=[147], address=[1])),
    act("reset the device", threaded(lambda c: c.ask(Services.reset, class_code=1, instance=1, request_data=b"\x00")),
        request(code=5, subcode=0, operation="restart", **identity, rule="Controller Stopped or Restarted"),
        refusal(8, code=111, **session)),
    act("leave", threaded(lambda c: c.leave()),
        request(code=102, **session)),
]
STACK = Stack("cip", HOST, PORT, ACTS, run)
