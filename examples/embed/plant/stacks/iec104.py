"""A telecontrol station with a breaker and a setpoint, and a control centre that polls and commands it (c104)."""

import asyncio
import datetime
import time

import c104
from acts import NET, Stack, act, answer, pair, request, threaded

HOST, PORT, STATION = f"{NET}.16", 2404, 47


def execute(point: c104.Point, previous_info: c104.Information, message: c104.IncomingMessage) -> c104.ResponseState:
    return c104.ResponseState.SUCCESS


def refuse(point: c104.Point, previous_info: c104.Information, message: c104.IncomingMessage) -> c104.ResponseState:
    return c104.ResponseState.FAILURE


def set_clock(server: c104.Server, ip: str, date_time: datetime.datetime) -> c104.ResponseState:
    return c104.ResponseState.SUCCESS


def points(station, answers=None):
    """The points of the station, for both sides; commands of the server are answered."""
    made = {
        "level": station.add_point(11, c104.Type.M_ME_NC_1),
        "breaker": station.add_point(21, c104.Type.C_SC_NA_1),
        "locked": station.add_point(22, c104.Type.C_SC_NA_1),
        "valve": station.add_point(23, c104.Type.C_DC_NA_1),
        "setpoint": station.add_point(31, c104.Type.C_SE_NC_1),
    }
    if answers:
        for name, answered in answers.items():
            made[name].on_receive(callable=answered)
    return made


class Centre:
    def __init__(self):
        self.client = c104.Client(tick_rate_ms=50)
        self.connection = self.client.add_connection(ip=HOST, port=PORT, init=c104.Init.MUTED)
        self.points = points(self.connection.add_station(STATION))

    def connect(self):
        self.client.start()
        for _ in range(100):
            if self.connection.is_connected:
                break
            time.sleep(0.05)
        # Starts the transfer; what is sent before is refused.
        if not self.connection.unmute():
            raise ConnectionError("the station does not start the transfer")

    def command(self, name, value):
        point = self.points[name]
        point.value = value
        point.transmit(cause=c104.Cot.ACTIVATION)
        # What ends a command comes after its confirmation.
        time.sleep(0.1)


async def run(perform):
    server = c104.Server(ip=HOST, port=PORT, tick_rate_ms=50)
    made = points(server.add_station(STATION), {"breaker": execute, "locked": refuse, "valve": execute, "setpoint": execute})
    made["level"].value = 4.25
    server.start()
    centre = Centre()
    try:
        await perform(centre)
        await asyncio.sleep(0.2)
    finally:
        centre.client.stop()
        server.stop()


unit = {"unit": STATION, "quantity": 1}
ACT, CONFIRMED, ENDED, POLLED, ASKED = 6, 7, 10, 20, 5


def active(operation, code, **both):
    """An activation and its confirmation, which repeats it."""
    return pair({"subcode": ACT}, {"subcode": CONFIRMED}, operation=operation, code=code, **unit, **both)


def level(cause):
    return answer(code=13, operation="read", subcode=cause, address=[11], value=["4.25"], **unit)


ACTS = [
    act("connect and start the transfer", threaded(lambda c: c.connect()),
        *pair(operation="subscribe")),
    act("poll the station", threaded(lambda c: c.connection.interrogation(STATION)),
        *active("read", 100, address=[0]), level(POLLED), answer(code=100, operation="read", subcode=ENDED, address=[0], **unit)),
    act("read the level", threaded(lambda c: c.points["level"].read()),
        request(code=102, operation="read", subcode=ASKED, address=[11], **unit),
        answer(code=102, operation="read", subcode=CONFIRMED, address=[11], **unit), level(ASKED)),
    act("set the clock", threaded(lambda c: c.connection.clock_sync(STATION)),
        *active("time_sync", 103, address=[0], value="*")),
    act("close the breaker", threaded(lambda c: c.command("breaker", True)),
        *active("control", 45, address=[21], value=[1])),
    act("close another, which is locked", threaded(lambda c: c.command("locked", True)),
        request(code=45, operation="control", subcode=ACT, address=[22], value=[1], **unit),
        {"direction": "response", "code": 45, "operation": "control", "subcode": CONFIRMED, "outcome": "failure",
         "address": [22], "value": [1], **unit, "rule": "Write Refused"}),
    act("open the valve", threaded(lambda c: c.command("valve", c104.Double.ON)),
        *active("control", 46, address=[23], value=[2])),
    act("set 7.5", threaded(lambda c: c.command("setpoint", 7.5)),
        *active("write", 50, address=[31], value=["7.5"])),
    act("poll counters", threaded(lambda c: c.connection.counter_interrogation(STATION)),
        *active("read", 101, address=[0]), answer(code=101, operation="read", subcode=ENDED, address=[0], **unit)),
]
# Frames that only acknowledge others, when there is time for it.
STACK = Stack("iec104", HOST, PORT, ACTS, run, between=[{"protocol": "iec104", "operation": "session", "name": "S"}])
