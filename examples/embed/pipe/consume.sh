#!/bin/sh
# The end of the pipe: one line for people an alert, with tabs between level, title, who, and how often.
#
#   {"level":"high","rule_title":"Password Guessing","group":{"user":"anna"},"count":5} ──▶ high  Password Guessing  anna  5
#
# What comes from outside stays escaped as in JSON, so it can neither end a line nor act on a terminal.
exec jq --unbuffered -r '[
    (.level // "none", .rule_title, ((.group // .event).user // "") | @json | .[1:-1]),
    (.count // 1 | tostring)
] | join("\t")'
