"""A DNP3 outstation with measurements and outputs, and a master that polls, switches and restarts it (opendnp3)."""

import asyncio
import threading

import opendnp3 as dnp3
from acts import NET, Stack, act, answer, refusal, request, threaded

HOST, PORT, STATION, MASTER = f"{NET}.17", 20000, 10, 1


class Commands(dnp3.ICommandHandler):
    """Outputs 0 to 9 are there."""

    def Begin(self):
        pass

    def End(self):
        pass

    def Select(self, command, index):
        return dnp3.CommandStatus.SUCCESS if index < 10 else dnp3.CommandStatus.NOT_SUPPORTED

    def Operate(self, command, index, handler, how):
        return dnp3.CommandStatus.SUCCESS if index < 10 else dnp3.CommandStatus.NOT_SUPPORTED


class Station(dnp3.IOutstationApplication):
    def ColdRestartSupport(self):
        return dnp3.RestartMode.SUPPORTED_DELAY_FINE

    def ColdRestart(self):
        return 100

    def SupportsWriteAbsoluteTime(self):
        return True

    def WriteAbsoluteTime(self, time):
        return True


class Silent(dnp3.ISOEHandler):
    def Process(self, *given):
        pass


class Tasks(dnp3.IMasterApplication):
    def __init__(self):
        super().__init__()
        self.done = threading.Semaphore(0)

    def OnTaskComplete(self, info):
        self.done.release()


class Centre:
    def __init__(self, manager):
        self.application, self.silent = Tasks(), Silent()
        channel = manager.AddTCPClient("centre", dnp3.LogLevels(0), dnp3.ChannelRetry.Default(), [dnp3.IPEndpoint(HOST, PORT)],
                                       "127.0.0.1", None)
        config = dnp3.MasterStackConfig()
        config.master.disableUnsolOnStartup = False
        config.master.ignoreRestartIIN = True
        config.master.taskRetryPeriod = dnp3.TimeDuration.Minutes(10)
        config.link.LocalAddr, config.link.RemoteAddr = MASTER, STATION
        self.master = channel.AddMaster("centre", self.silent, self.application, config)

    def connect(self):
        self.master.Enable()
        for _ in ("integrity poll", "order of reports"):
            self.done()

    def done(self):
        self.application.done.acquire(timeout=5)


def once(do):
    """Does it, and waits for the answer."""

    def asked(c):
        do(c)
        c.done()

    return threaded(asked)


async def run(perform):
    manager = dnp3.DNP3Manager(1)
    channel = manager.AddTCPServer("station", dnp3.LogLevels(0), dnp3.ServerAcceptMode.CloseExisting,
                                   dnp3.IPEndpoint(HOST, PORT), None)
    config = dnp3.OutstationStackConfig(dnp3.DatabaseConfig(4))
    config.outstation.params.allowUnsolicited = False
    config.link.LocalAddr, config.link.RemoteAddr = STATION, MASTER
    commands, application = Commands(), Station()
    station = channel.AddOutstation("station", commands, application, config)
    station.Enable()
    centre = Centre(manager)
    try:
        await perform(centre)
        await asyncio.sleep(0.2)
    finally:
        await asyncio.to_thread(manager.Shutdown)


def ignore(*given):
    pass


crob = dnp3.ControlRelayOutputBlock
unit = {"unit": STATION}
classes = [f"Class {number} Data" for number in (1, 2, 3, 0)]
output = {"object": ["Control Relay Output Block"], "quantity": 1, **unit}
analog = {"object": ["32-Bit Analog Output Block"], "quantity": 1, **unit}


def operates(code, asked=None, **both):
    """A command and its answer, which repeats it."""
    return request(code=code, operation="control", **both, **(asked or {})), answer(code=129, operation="control", **both)


# A response does not name the function it is for; what it is about is known by the objects in it.
ACTS = [
    act("connect, which polls all and orders reports", threaded(lambda c: c.connect()),
        request(code=1, operation="read", object=classes, **unit),
        answer(code=129, operation="read", object="*", address="*", value="*", **unit),
        request(code=20, operation="subscribe", object=classes[:3], **unit),
        {"direction": "response", "code": 129, "operation": "error", "outcome": "failure", **unit}),
    act("read analog inputs 1 and 2", once(lambda c: c.master.ScanRange(dnp3.GroupVariationID(30, 1), 1, 2, c.silent)),
        request(code=1, operation="read", object=["32-Bit Analog Input"], address=[1, 2], **unit),
        answer(code=129, operation="read", object=["32-Bit Analog Input"], address=[1, 2], value=[0, 0], **unit)),
    act("switch output 3 on", once(lambda c: c.master.DirectOperate(crob(dnp3.OperationType.LATCH_ON), 3, ignore)),
        *operates(5, subcode=3, address=[3], **output)),
    act("select output 4, then trip it", once(lambda c: c.master.SelectAndOperate(
        crob(dnp3.OperationType.PULSE_ON, dnp3.TripCloseCode.TRIP), 4, ignore)),
        *operates(3, {"flag": ["select"]}, subcode=1, address=[4], value=["Trip"], **output),
        *operates(4, subcode=1, address=[4], value=["Trip"], **output)),
    act("switch an output that is not there", once(lambda c: c.master.DirectOperate(crob(dnp3.OperationType.LATCH_OFF), 12, ignore)),
        request(code=5, operation="control", subcode=4, address=[12], **output),
        refusal(4, code=129, operation="control", subcode=4, address=[12], **output, rule="Write Refused")),
    act("set output 2: 4711", once(lambda c: c.master.DirectOperate(dnp3.AnalogOutputInt32(4711), 2, ignore)),
        *operates(5, address=[2], value=[4711], **analog)),
    # The answer says how long that takes, as an answer to a measurement of delays does.
    act("restart it cold", once(lambda c: c.master.Restart(dnp3.RestartType.COLD, ignore)),
        request(code=13, operation="restart", **unit, rule="Controller Stopped or Restarted"),
        answer(code=129, operation="diagnostics", object=["Time Delay Fine"], address=[0], quantity=1, value=[100], **unit)),
]
STACK = Stack("dnp3", HOST, PORT, ACTS, run)
