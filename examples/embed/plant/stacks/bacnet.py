"""A BACnet device with an analog and a binary value, and a client that finds, reads, writes and silences it (bacpypes3)."""

import asyncio

from acts import NET, Stack, act, answer, pair, refusal, refused_pair, request
from bacpypes3.apdu import (DeviceCommunicationControlRequest, ErrorRejectAbortNack, ReinitializeDeviceRequest,
                            SubscribeCOVRequest, WritePropertyRequest)
from bacpypes3.ipv4.app import NormalApplication
from bacpypes3.local.analog import AnalogValueObject
from bacpypes3.local.binary import BinaryValueObject
from bacpypes3.local.device import DeviceObject
from bacpypes3.pdu import Address, IPv4Address
from bacpypes3.constructeddata import Any
from bacpypes3.primitivedata import ObjectIdentifier, Real
from bacpypes3.service.cov import ChangeOfValueServices
from bacpypes3.service.device import DeviceCommunicationControlServices

HOST, CLIENT, PORT = f"{NET}.14", f"{NET}.24", 47808
SERVER = Address(f"{HOST}:{PORT}")


class Device(NormalApplication, ChangeOfValueServices, DeviceCommunicationControlServices):
    pass


def named(number, name):
    return DeviceObject(objectIdentifier=("device", number), objectName=name, vendorIdentifier=999,
                        maxApduLengthAccepted=1476, segmentationSupported="no-segmentation", numberOfApduRetries=0)


async def run(perform):
    device = Device(named(7714, "pump"), IPv4Address(f"{HOST}/32:{PORT}"))
    device.add_object(AnalogValueObject(objectIdentifier=("analog-value", 1), objectName="level", presentValue=4.25,
                                        statusFlags=[0, 0, 0, 0], covIncrement=1.0))
    device.add_object(BinaryValueObject(objectIdentifier=("binary-value", 2), objectName="valve", presentValue="inactive",
                                        statusFlags=[0, 0, 0, 0]))
    # Where the service looks for what it switches.
    device.smap = device.asap
    client = NormalApplication(named(7724, "desk"), IPv4Address(f"{CLIENT}/32:{PORT + 1}"))
    await asyncio.sleep(0.1)
    try:
        await perform(client)
        await asyncio.sleep(0.2)
    finally:
        client.close()
        device.close()


def refused(do):
    """For requests that are to be refused: what the client says of it is not compared."""

    async def tried(client):
        try:
            await do(client)
        except ErrorRejectAbortNack:
            pass

    return tried


def point(kind, number):
    return ObjectIdentifier((kind, number))


def confirmed(code, asked, answered=None, **both):
    return pair(asked, answered, code=code, **both)


level = {"object": ["analog-value"], "address": [1]}
valve = {"object": ["binary-value"], "address": [2]}
present, name, out_of_service = {"subcode": 85}, {"subcode": 77}, {"subcode": 81}
secret = {"flag": ["cleartext_credential"]}
STOPPED = {"rule": "Controller Stopped or Restarted"}
ACTS = [
    act("ask who is there", lambda c: c.who_is(7714, 7714, address=SERVER, timeout=1),
        request(code=8, operation="discovery", address=[7714, 7714]),
        {"direction": "response", "code": 0, "operation": "discovery", "object": ["device"], "address": [7714]}),
    act("read the level", lambda c: c.read_property(SERVER, point("analog-value", 1), "present-value"),
        *confirmed(12, None, {"value": ["4.25"]}, operation="read", **level, **present)),
    act("read the name of the valve", lambda c: c.read_property(SERVER, point("binary-value", 2), "object-name"),
        *confirmed(12, None, {"value": ["valve"]}, operation="read", **valve, **name)),
    act("write the level: 7.5", lambda c: c.write_property(SERVER, point("analog-value", 1), "present-value", 7.5),
        *confirmed(15, {**level, **present, "value": ["7.5"]}, operation="write")),
    act("open the valve", lambda c: c.write_property(SERVER, point("binary-value", 2), "present-value", "active", priority=8),
        *confirmed(15, {**valve, **present, "value": [1]}, operation="write")),
    # The answer does not name the property, so it is told as that of any write.
    act("take the level out of service", lambda c: c.write_property(SERVER, point("analog-value", 1), "out-of-service", True),
        request(code=15, operation="force", **level, **out_of_service, value=["TRUE"]), answer(code=15, operation="write")),
    act("read level and valve at once", lambda c: c.read_property_multiple(SERVER, [
        point("analog-value", 1), ["present-value"], point("binary-value", 2), ["present-value"]]),
        *confirmed(14, None, {"value": ["7.5", 1]}, operation="read",
                   object=["analog-value", "binary-value"], address=[1, 2], **present)),
    act("read an object that is not there", refused(
        lambda c: c.read_property(SERVER, point("analog-value", 99), "present-value")),
        *refused_pair(31, {"object": ["analog-value"], "address": [99], **present}, code=12, operation="read")),
    act("write an object that is not there", refused(
        lambda c: c.request(WritePropertyRequest(
            objectIdentifier=point("analog-value", 99), propertyIdentifier="present-value",
            propertyValue=Any(Real(1.5)), destination=SERVER))),
        *refused_pair(31, {"object": ["analog-value"], "address": [99], **present, "value": ["1.5"]}, {"rule": "Write Refused"},
                      code=15, operation="write")),
    act("order deliveries of the level, and get one", lambda c: c.request(SubscribeCOVRequest(
        subscriberProcessIdentifier=5, monitoredObjectIdentifier=point("analog-value", 1),
        issueConfirmedNotifications=False, lifetime=60, destination=SERVER)),
        *confirmed(5, level, operation="subscribe"),
        {"direction": "unsolicited", "code": 2, "operation": "read", "object": ["device", "analog-value"], "address": [7714, 1],
         **present, "value": ["7.5"]}),
    # The answer does not say what it was told to do, so its class is vague.
    act("silence the device for a minute", lambda c: c.request(DeviceCommunicationControlRequest(
        timeDuration=1, enableDisable="disable-initiation", password="secret", destination=SERVER)),
        request(code=17, subcode=2, operation="mode_stop", **secret, **STOPPED), answer(code=17, operation="config_change")),
    act("let it speak again", lambda c: c.request(DeviceCommunicationControlRequest(
        enableDisable="enable", password="secret", destination=SERVER)),
        request(code=17, subcode=0, operation="mode_run", **secret, **STOPPED), answer(code=17, operation="config_change")),
    act("restart it, which it cannot", refused(lambda c: c.request(ReinitializeDeviceRequest(
        reinitializedStateOfDevice="coldstart", password="secret", destination=SERVER))),
        request(code=20, subcode=0, operation="restart", **secret, **STOPPED), refusal(9, operation="error")),
]
STACK = Stack("bacnet", HOST, PORT, ACTS, run)
