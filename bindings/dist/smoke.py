"""Uses the installed package: `smoke.py RULES` writes its version, and the title of the one rule that matches."""

import sys

import tieline

EVENT = {"Image": "C:\\Windows\\System32\\whoami.exe"}

rules = tieline.load(sys.argv[1])
print(tieline.__version__, *(detection.rule_title for detection in rules.scan(EVENT)))
