"""Writes down what will be done to the plant, or does it.

    plant.py acts ──▶ lines: an act, and the records that are due        plant.py run ──▶ servers, clients, packets

Everything is on the loopback interface, each server at an address of its own. `run` ends by itself.
"""

import argparse
import asyncio
import importlib
import json
import signal

NAMES = ["modbus", "opcua", "s7", "bacnet", "cip", "iec104", "dnp3"]


def stacks(names):
    return [importlib.import_module(f"stacks.{name}").STACK for name in names]


async def run(names):
    # Ends what was started also when it is told to end.
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, asyncio.current_task().cancel)
    for stack in stacks(names):
        await asyncio.wait_for(stack.run(stack.perform), 40)


def main():
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("what", choices=["acts", "run"])
    words.add_argument("stacks", nargs="*", choices=[[], *NAMES], metavar="STACK")
    given = words.parse_args()
    names = given.stacks or NAMES
    if given.what == "run":
        asyncio.run(run(names))
        return
    for stack in stacks(names):
        for line in stack.written():
            print(json.dumps(line, ensure_ascii=False))


if __name__ == "__main__":
    main()
