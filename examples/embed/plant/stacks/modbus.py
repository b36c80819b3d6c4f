"""A Modbus device with four tables of points, and a client that reads, writes and asks too much (pymodbus)."""

import asyncio

from acts import NET, Stack, act, pair, refused_pair
from pymodbus.client import AsyncModbusTcpClient
from pymodbus.pdu.device import ModbusDeviceIdentification
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

HOST, PORT, UNIT = f"{NET}.11", 15020, 17
IDENTITY = ModbusDeviceIdentification(info_name={"VendorName": "Tieline", "ProductCode": "PUMP", "MajorMinorRevision": "1.2"})
unit = {"unit": UNIT}


def device():
    bits = [SimData(0, values=[True, False, True, True] * 8, datatype=DataType.BITS)]
    registers = [SimData(100, values=list(range(1000, 1032)), datatype=DataType.REGISTERS)]
    return SimDevice(UNIT, simdata=(bits, bits, registers, registers))


async def run(perform):
    server = ModbusTcpServer(device(), address=(HOST, PORT), identity=IDENTITY)
    await server.serve_forever(background=True)
    client = AsyncModbusTcpClient(HOST, port=PORT, timeout=5, retries=0)
    try:
        await client.connect()
        await perform(client)
        await asyncio.sleep(0.2)
    finally:
        client.close()
        await server.shutdown()


ACTS = [
    act("read coils 0 to 3", lambda c: c.read_coils(0, count=4, device_id=UNIT),
        *pair({"quantity": 4}, {"value": [1, 0, 1, 1]}, code=1, operation="read", address=[0, 1, 2, 3], **unit)),
    act("read discrete inputs 8 and 9", lambda c: c.read_discrete_inputs(8, count=2, device_id=UNIT),
        *pair({"quantity": 2}, {"value": [1, 0]}, code=2, operation="read", address=[8, 9], **unit)),
    act("read holding registers 100 to 102", lambda c: c.read_holding_registers(100, count=3, device_id=UNIT),
        *pair({"quantity": 3}, {"value": [1000, 1001, 1002]}, code=3, operation="read", address=[100, 101, 102], **unit)),
    act("read input register 110", lambda c: c.read_input_registers(110, count=1, device_id=UNIT),
        *pair({"quantity": 1}, {"value": [1010]}, code=4, operation="read", address=[110], **unit)),
    act("switch coil 5 on", lambda c: c.write_coil(5, True, device_id=UNIT),
        *pair(code=5, operation="control", address=[5], value=[1], **unit)),
    act("switch coil 6 off", lambda c: c.write_coil(6, False, device_id=UNIT),
        *pair(code=5, operation="control", address=[6], value=[0], **unit)),
    act("write register 104: 4711", lambda c: c.write_register(104, 4711, device_id=UNIT),
        *pair(code=6, operation="write", address=[104], value=[4711], **unit)),
    act("switch coils 10 to 13: 1 1 0 1", lambda c: c.write_coils(10, [True, True, False, True], device_id=UNIT),
        *pair({"value": ["0b"]}, code=15, operation="control", address=[10, 11, 12, 13], quantity=4, **unit)),
    act("write registers 120 to 122", lambda c: c.write_registers(120, [7, 8, 65535], device_id=UNIT),
        *pair({"value": [7, 8, 65535]}, code=16, operation="write", address=[120, 121, 122], quantity=3, **unit)),
    act("change bits of register 104", lambda c: c.mask_write_register(address=104, and_mask=0xF0, or_mask=0x05, device_id=UNIT),
        *pair(code=22, operation="write", address=[104], value=[0xF0, 0x05], **unit)),
    act("write register 125: 99, and read 120 and 121", lambda c: c.readwrite_registers(
        read_address=120, read_count=2, write_address=125, values=[99], device_id=UNIT),
        *pair({"address": [125], "quantity": 1, "value": [99]}, {"value": [7, 8]},
              code=23, operation="write", **unit)),
    act("read the identity", lambda c: c.read_device_information(read_code=1, object_id=0, device_id=UNIT),
        *pair({"object": [0]}, {"object": ["Tieline", "PUMP", "1.2"]}, code=43, subcode=14, operation="discovery", **unit)),
    act("ask for an echo", lambda c: c.diag_query_data(b"\x12\x34", device_id=UNIT),
        *pair(code=8, subcode=0, operation="diagnostics", **unit)),
    act("count messages", lambda c: c.diag_read_bus_message_count(device_id=UNIT),
        *pair(code=8, subcode=11, operation="diagnostics", **unit)),
    act("restart communications", lambda c: c.diag_restart_communication(False, device_id=UNIT),
        *pair({"rule": "Controller Stopped or Restarted"}, code=8, subcode=1, operation="restart", **unit)),
    act("ask who it is", lambda c: c.report_device_id(device_id=UNIT),
        *pair(code=17, operation="discovery", **unit)),
    act("read registers that are not there", lambda c: c.read_holding_registers(500, count=2, device_id=UNIT),
        *refused_pair(2, {"address": [500, 501], "quantity": 2}, code=3, operation="read", **unit)),
    act("write a register that is not there", lambda c: c.write_register(600, 1, device_id=UNIT),
        *refused_pair(2, {"address": [600], "value": [1]}, {"rule": "Write Refused"},
                      code=6, operation="write", **unit)),
]
STACK = Stack("modbus", HOST, PORT, ACTS, run)
