"""Rules that tests share."""

import signal

import pytest
import tieline

# Whoever runs the tests in the background has Ctrl-C ignored, here and in what is started from here.
signal.signal(signal.SIGINT, signal.default_int_handler)

WHOAMI = r"""
title: Whoami
name: whoami
level: low
tags: [attack.t1033]
logsource: {category: process_creation, product: windows}
detection:
  sel: {Image|endswith: '\whoami.exe'}
  condition: sel
"""

TWICE = """
title: Twice
level: high
correlation: {type: event_count, rules: [whoami], group-by: [User], timespan: 1m, condition: {gte: 2}}
"""

HIT = {"Image": "C:\\whoami.exe", "User": "anna"}


@pytest.fixture(scope="session")
def rules():
    return tieline.compile(WHOAMI)


@pytest.fixture
def both():
    return tieline.compile([WHOAMI, TWICE])
