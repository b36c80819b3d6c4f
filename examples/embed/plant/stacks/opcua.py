"""An OPC UA server with two variables and a method, and a client without a name (asyncua)."""

import asyncio
import logging

from acts import NET, Stack, act, answer, pair, refusal, request
from asyncua import Client, Server, ua
from asyncua.common.methods import uamethod

HOST, PORT = f"{NET}.12", 4840
URL = f"opc.tcp://{HOST}:{PORT}/plant"
logging.getLogger("asyncua").setLevel(logging.ERROR)


async def started():
    server = Server()
    await server.init()
    server.set_endpoint(URL)
    server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
    space = await server.register_namespace("urn:tieline:plant")
    pump = await server.nodes.objects.add_object(ua.NodeId("pump", space), "pump")
    level = await pump.add_variable(ua.NodeId("level", space), "level", 4.25)
    await level.set_writable()
    await pump.add_variable(ua.NodeId("serial", space), "serial", 77)

    @uamethod
    def start(parent, speed):
        return speed * 2

    await pump.add_method(ua.NodeId("start", space), "start", start, [ua.VariantType.Int64], [ua.VariantType.Int64])
    await server.start()
    return server


class Delivered(asyncio.Event):
    def datachange_notification(self, node, value, data):
        self.set()


async def run(perform):
    server = await started()
    client = Client(URL, timeout=10, watchdog_intervall=1000)
    try:
        await perform(client)
    finally:
        await server.stop()


def node(name):
    return ua.NodeId(name, 2)


async def subscribe(c):
    c.delivered = Delivered()
    c.order = await c.create_subscription(500, c.delivered)


async def monitor(c):
    await c.order.subscribe_data_change(c.get_node(node("level")))
    await asyncio.wait_for(c.delivered.wait(), 5)
    # The client now asks for the next delivery.
    await asyncio.sleep(0.3)


async def write_serial(c):
    try:
        await c.get_node(node("serial")).write_value(1)
    except ua.UaError:
        pass


# Only the messages that name the policy of the channel tell that nothing is encrypted.
plain = {"flag": ["unencrypted"]}
BAD_USER_ACCESS_DENIED = 0x801F0000
ACTS = [
    act("connect without a name", lambda c: c.connect(),
        *pair(operation="session"),
        request(code=446, operation="session", **plain), answer(code=449, operation="session", **plain),
        request(code=461, operation="session"), answer(code=464, operation="session"),
        request(code=467, operation="auth", flag=["anonymous"]), answer(code=470, operation="auth")),
    act("browse what lies under the pump", lambda c: c.get_node(node("pump")).get_children(),
        request(code=527, operation="discovery", address=["pump"]), answer(code=530, operation="discovery")),
    act("read the level", lambda c: c.get_node(node("level")).read_value(),
        request(code=631, subcode=13, operation="read", address=["level"]), answer(code=634, operation="read", value=["4.25"])),
    act("write the level: 7.5", lambda c: c.get_node(node("level")).write_value(7.5),
        request(code=673, subcode=13, operation="write", address=["level"], value=["7.5"]), answer(code=676, operation="write")),
    act("write the serial number, which is not allowed", write_serial,
        request(code=673, subcode=13, operation="write", address=["serial"], value=[1]),
        refusal(BAD_USER_ACCESS_DENIED, code=676, operation="write", rule="Write Refused")),
    act("call start(21)", lambda c: c.get_node(node("pump")).call_method(node("start"), 21),
        request(code=712, operation="control", address=["pump", "start"], value=[21]),
        answer(code=715, operation="control", value=[42])),
    act("order deliveries", subscribe,
        request(code=787, operation="subscribe"), answer(code=790, operation="subscribe")),
    act("of the level, and get one", monitor,
        request(code=751, subcode=13, operation="subscribe", address=["level"]), answer(code=754, operation="subscribe"),
        request(code=826, operation="read"), answer(code=829, operation="read", value=["7.5"]),
        request(code=826, operation="read")),
    act("cancel the order", lambda c: c.order.delete(),
        request(code=847, operation="subscribe", address="*"), answer(code=850, operation="subscribe")),
    act("leave", lambda c: c.disconnect(),
        request(code=473, operation="session"), answer(code=476, operation="session"), request(code=452, operation="session")),
]
STACK = Stack("opcua", HOST, PORT, ACTS, run)
