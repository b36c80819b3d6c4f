// Rules and events that the tests share.

export const WHOAMI = `title: Whoami
id: 11111111-1111-4111-8111-111111111111
name: whoami
level: low
tags: [attack.t1033]
logsource: {category: process_creation}
detection: {tool: {Image|endswith: '\\whoami.exe'}, condition: tool}
`;

export const OFTEN = `title: Often
id: 22222222-2222-4222-8222-222222222222
level: high
correlation:
  type: event_count
  rules: [whoami]
  group-by: [User]
  timespan: 1m
  condition: {gte: 2}
`;

/** An event that the rule matches. */
export function hit(user = 'anna', second = 1) {
  return { Image: 'C:\\whoami.exe', User: user, UtcTime: `2026-11-26 04:00:${String(second).padStart(2, '0')}` };
}

export const lines = (...events) => events.map((event) => JSON.stringify(event)).join('\n');
