// Report documents of any size, the same for the same seed.

type Any = Record<string, unknown>;
export interface Size { incidents: number; assets: number; rules: number; seed?: number }

const LEVELS = ["low", "medium", "high", "critical"];
const ZONES: [string, number, string, number][] = [
  ["office", 4, "it", 1], ["servers", 4, "it", 2], ["remote", 3.5, "it", 2], ["dmz", 3.5, "it", 2], ["operations", 3, "ot", 3], ["supervision", 2, "ot", 3], ["pumping", 1, "ot", 3], ["dosing", 1, "ot", 3],
];
const ROLES: Record<string, string[]> = {
  office: ["office_pc"], servers: ["domain_controller", "file_server"], remote: ["vpn_gateway"], dmz: ["jump_host", "patch_server"], operations: ["engineering_workstation", "historian"],
  supervision: ["scada_server", "hmi"], pumping: ["controller", "drive"], dosing: ["controller", "analyser"],
};
const TACTICS: Record<string, [string, string, string][]> = {
  enterprise: [
    ["T1566.001", "Spearphishing Attachment", "initial-access"], ["T1078", "Valid Accounts", "initial-access"], ["T1059.001", "PowerShell", "execution"], ["T1204.002", "Malicious File", "execution"],
    ["T1053.005", "Scheduled Task", "persistence"], ["T1547.001", "Registry Run Keys", "persistence"], ["T1055", "Process Injection", "privilege-escalation"], ["T1027", "Obfuscated Files or Information", "defense-evasion"],
    ["T1562.001", "Disable or Modify Tools", "defense-evasion"], ["T1003.001", "LSASS Memory", "credential-access"], ["T1110", "Brute Force", "credential-access"], ["T1018", "Remote System Discovery", "discovery"],
    ["T1021.001", "Remote Desktop Protocol", "lateral-movement"], ["T1021.004", "SSH", "lateral-movement"], ["T1560", "Archive Collected Data", "collection"], ["T1572", "Protocol Tunneling", "command-and-control"],
    ["T1048", "Exfiltration Over Alternative Protocol", "exfiltration"], ["T1486", "Data Encrypted for Impact", "impact"], ["T1490", "Inhibit System Recovery", "impact"],
  ],
  ics: [
    ["T0886", "Remote Services", "initial-access"], ["T0822", "External Remote Services", "initial-access"], ["T0858", "Change Operating Mode", "execution"], ["T0843", "Program Download", "lateral-movement"],
    ["T0889", "Modify Program", "persistence"], ["T0849", "Masquerading", "evasion"], ["T0846", "Remote System Discovery", "discovery"], ["T0861", "Point & Tag Identification", "collection"],
    ["T0869", "Standard Application Layer Protocol", "command-and-control"], ["T0881", "Service Stop", "inhibit-response-function"], ["T0855", "Unauthorized Command Message", "impair-process-control"],
    ["T0836", "Modify Parameter", "impair-process-control"], ["T0831", "Manipulation of Control", "impact"],
  ],
};
const START = Date.UTC(2026, 10, 20, 6);
const HOUR = 3_600_000;
const iso = (at: number) => new Date(at).toISOString();

function dice(seed: number): (below: number) => number {
  let state = seed >>> 0 || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

function asset(at: number, roll: (below: number) => number): Any {
  const [zone, level] = ZONES[roll(ZONES.length)]!;
  const role = ROLES[zone]![roll(ROLES[zone]!.length)]!;
  const status = ["seen", "seen", "seen", "seen", "silent", "unknown", "changed"][roll(7)]!;
  const id = `${role.split("_").map((word) => word.slice(0, 3)).join("")}-${String(at).padStart(5, "0")}`;
  return {
    id, role, site: "waterworks", zone, level, criticality: ["low", "medium", "high", "critical"][level <= 1 ? 3 : roll(3)], owner: level > 3 ? "IT service" : "Automation",
    addresses: [`10.${(at >> 16) & 255}.${(at >> 8) & 255}.${at & 255}`], protocols: level <= 2 ? ["s7comm", "modbus"] : ["smb", "rdp"], status, findings: 0, incidents: [] as string[],
    exposures: roll(40) === 0 ? ["reachable from outside over conduit remote-support"] : [],
    ...(status === "silent" ? {} : { first_seen: iso(START + roll(10) * HOUR), last_seen: iso(START + 150 * HOUR + roll(18 * 60) * 60_000) }),
  };
}

function incident(at: number, assets: Any[], roll: (below: number) => number): Any {
  const levels = [4, 3.5, 3, 1].map((level) => assets.filter((one) => one.level === level));
  const way = levels.map((own, depth) => own[(at * 7 + depth * 13) % Math.max(1, own.length)]).filter((one): one is Any => !!one);
  const hosts = way.slice(0, at % 3 === 0 ? 4 : 2 + roll(2));
  const worst = LEVELS[at % 11 === 0 ? 3 : roll(3)]!;
  const first = START + roll(150 * 60) * 60_000;
  const id = `inc-${(0x809298f8 + at * 2654435761).toString(16).slice(-8)}${String(at).padStart(8, "0")}`;
  const event = () => `/var/log/sensors/plant/events.ndjson:${1 + roll(90_000)}`;
  const all = [...TACTICS.enterprise!, ...TACTICS.ics!];
  const chosen = Array.from({ length: 2 + roll(5) }, () => all[roll(all.length)]!);
  for (const host of hosts) {
    (host.incidents as string[]).push(id);
    host.findings = (host.findings as number) + 1;
  }
  const what = ["rdp", "ssh", "mode_stop", "smb"];
  return {
    id, title: `${["Suspicious Controller Stop Command", "Program Read From Controller, Then Another Loaded", "Remote Desktop Logon From Outside The Admin Networks", "LSASS Memory Dump Command Line"][roll(4)]} on ${String(hosts.at(-1)!.id)}`,
    level: worst, first: iso(first), last: iso(first + roll(300) * 60_000), is_closed: roll(3) > 0,
    score: {
      total: Math.min(99, LEVELS.indexOf(worst) * 22 + roll(30)), likelihood: 60 + roll(40), consequence: 40 + roll(60),
      likelihood_terms: [{ name: "level", points: 40, why: `the highest level of a rule is ${worst}` }, { name: "stages", points: 5 * chosen.length, why: chosen.map((one) => one[2]).join(", ") }, { name: "crossing", points: 8, why: "it goes from one zone to another" }],
      consequence_terms: [{ name: "criticality", points: 30, why: `${String(hosts.at(-1)!.id)} is ${String(hosts.at(-1)!.criticality)}` }, { name: "level", points: 20, why: `it reaches Purdue level ${String(hosts.at(-1)!.level)}` }],
    },
    stages: [...new Map(chosen.map((one) => [one[2], [one[2], [one[0]]]])).values()], accounts: [["glorenz", "msander", "kpohl"][roll(3)]],
    hosts: hosts.map((host) => ({ name: host.id, is_asset: true, role: host.role, site: host.site, zone: host.zone, level: host.level, criticality: host.criticality, owner: host.owner, first: iso(first) })),
    path: {
      hops: hosts.slice(1).map((host, step) => ({
        from: hosts[step]!.id, to: host.id, kind: step === hosts.length - 2 ? "operation" : "logon", what: what[step % 4], ...(step === 0 ? { account: "msander" } : {}), first: iso(first + step * 600_000), last: iso(first + step * 600_000),
        confidence: 0.95 - step * 0.11, events: [event()], zones: [hosts[step]!.zone, host.zone], levels: [hosts[step]!.level, host.level], ...(step === 1 ? {} : { conduit: "engineering-access" }), ...(step === 1 && roll(2) ? { alternatives: ["histor-2"] } : {}),
      })),
      confidence: 0.71, ...(roll(3) === 0 ? { gap: `how it came to ${String(hosts[0]!.id)} was not seen` } : {}),
      ...(at % 5 === 2 || at % 5 === 3 ? { onward: { from: hosts.at(-1)!.id, to: at % 5 === 2 ? "pump-9" : levels[3]!.find((one) => one !== hosts.at(-1))!.id, kind: "operation", what: "write", first: iso(first + 3_600_000), last: iso(first + 3_600_000), confidence: 0.5, events: [event()] } } : {}),
    },
    spread: {
      reached: hosts.map((host) => ({ host: host.id, zone: host.zone, level: host.level, criticality: host.criticality })),
      next: Array.from({ length: 3 + roll(6) }, () => assets[roll(assets.length)]!).map((host) => ({ host: host.id, zone: host.zone, level: host.level, criticality: host.criticality, from: [hosts[0]!.id] })), zones: {}, lowest_level: hosts.at(-1)!.level,
    },
    findings: chosen.map((one, step) => ({
      rule: `rule-${roll(300)}`, title: `Suspicious ${one[1]}`, level: step === 0 ? worst : LEVELS[roll(3)], made: step % 3 === 2 ? "correlation" : "detection", first: iso(first + step * 300_000), last: iso(first + step * 300_000), count: 1 + roll(3),
      source: hosts[step % hosts.length]!.id, target: hosts[(step + 1) % hosts.length]!.id, entities: { account: ["msander"], file: [`c:\\windows\\system32\\tool${roll(50)}.exe`], hash: [`${roll(2 ** 31).toString(16)}174a048268418532228986602afb2af5`] }, events: [event()],
      ...(step ? { because: `the same logon session as "Suspicious ${chosen[0]![1]}" at ${event()}` } : {}),
    })),
    hints: [`call ${String(hosts.at(-1)!.owner)}, who answers for ${String(hosts.at(-1)!.id)}`, `keep running: ${String(hosts.at(-1)!.id)}; do not cut off or restart without whoever operates the process`, `contain first, from the outside in: ${String(hosts[0]!.id)}`],
    ...(roll(9) === 0 ? { merged: [["inc-0123456789abcdef", "the same account"]] } : {}),
    ...(roll(9) === 0 ? { split: [["inc-0123456789abcdee", "more than 16 others come to dc-1"]] } : {}),
  };
}

export function document(size: Size): Any {
  const roll = dice(size.seed ?? 7);
  const assets = Array.from({ length: size.assets }, (_, at) => asset(at, roll));
  // Ways are of few hosts, so that they are found fast.
  const incidents = Array.from({ length: size.incidents }, (_, at) => incident(at, assets.slice(0, 400), roll)).sort((one, other) => (other.score as Any as { total: number }).total - (one.score as Any as { total: number }).total);
  // Half of what was found was found in the first of 336 parts, the rest in two others.
  const over = (found: number) => {
    const [most, rest] = [Math.ceil(found / 2), Math.floor(found / 2)];
    const buckets = ([[0, most], [100 + roll(50), rest - Math.floor(rest / 2)], [200 + roll(50), Math.floor(rest / 2)]] as const).filter(([, count]) => count);
    return { detections: found, ...(buckets.length ? { buckets } : {}) };
  };
  const technique = (one: [string, string, string]) => ({ id: one[0], name: one[1], tactic: one[2], rules: roll(9), ...over(roll(3) ? 0 : roll(200)) });
  const rules = Array.from({ length: size.rules }, (_, at) => {
    const found = roll(4) === 0 ? 1 + roll(60) : 0;
    const tag = [...TACTICS.enterprise!, ...TACTICS.ics!][roll(32)]!;
    const blind = !found && roll(5) === 0;
    return {
      id: `rule-${at}`, title: `Suspicious ${tag[1]} ${at}`, level: LEVELS[roll(4)], pack: ["it", "ot", "policy", "cross_domain"][roll(4)], tags: [`attack.${tag[0].toLowerCase()}`, `attack.${tag[2]}`], can_match: !blind, ...over(found),
      ...(found ? { first: iso(START + roll(80) * HOUR), last: iso(START + (80 + roll(80)) * HOUR) } : {}), ...(blind ? { blind: "no event of logsource windows/dns_query was read" } : {}),
    };
  });
  return {
    form: "tieline.report/1", made_by: "tieline 0.1.0", period: { first: iso(START), last: iso(START + 168 * HOUR) }, site: "Waterworks North",
    events: { read: 1_482_330, broken: 12, by_source: [{ source: "windows", domain: "it", events: 901_220 }, { source: "zeek", domain: "it", events: 381_110 }, { source: "icsnpp", domain: "ot", events: 200_000 }] },
    timeline: Array.from({ length: 336 }, (_, at) => ({ start: iso(START + at * HOUR / 2), it: Math.round(2500 + 2000 * Math.sin((at / 48) * 2 * Math.PI)) + roll(500), ot: 500 + roll(200), findings: { low: roll(4), medium: roll(3), high: at % 17 === 0 ? roll(5) : 0, critical: at % 53 === 0 ? 1 : 0 } })),
    incidents, assets,
    zones: ZONES.map(([name, level, , sl]) => ({ name, level, sl_t: sl, assets: assets.filter((one) => one.zone === name).length, risk: roll(900), has_sensor: name !== "dosing" })),
    conduits: [{ name: "engineering-access", from: ["dmz", "remote"], to: ["operations"], allowed: 812, denied: 3 }, { name: "programming", from: "operations", to: "pumping", allowed: 91, denied: 14 }],
    risk: { by_asset: assets.slice(0, 12).map((one) => ({ name: one.id, score: 10 + roll(90) })), by_zone: ZONES.map(([name]) => ({ name, score: 10 + roll(400) })) },
    rules, blind_spots: [{ what: "zone dosing", why: "no sensor tells anything of it" }, { what: "DNS queries on Windows hosts", why: "no event of Sysmon 22 was read; 14 rules need it" }],
    privileged: Array.from({ length: Math.min(400, size.assets) }, (_, at) => ({ time: iso(START + at * 1_500_000), operation: ["mode_stop", "program_download", "write"][roll(3)], source: assets[roll(assets.length)]!.id, target: assets[roll(assets.length)]!.id, account: "kpohl", explained: roll(3) > 0, missing: ["session", "work order"].slice(0, 1 + roll(2)), event: `events.ndjson:${roll(90_000)}` })),
    policy: { allowed: 88_120, denied: 412, by_reason: [{ reason: "protocol", count: 300 }, { reason: "no_conduit", count: 100 }, { reason: "hours", count: 12 }], flows: [{ source: "histor-2", target: String(assets[0]!.id), what: "rdp", reasons: ["no_conduit"], count: 9, event: "events.ndjson:355" }] },
    governance: {
      iec62443: [{ id: "SR 1.1", title: "Human user identification and authentication", status: "met", evidence: ["912 logons, all with an account"] }, { id: "SR 2.1", title: "Authorization enforcement", status: "gap", evidence: ["9 privileged operations that no session explains"] }, { id: "SR 5.1", title: "Network segmentation", status: "gap", evidence: ["412 flows against policy", "conduit engineering-access is used out of hours"] }, { id: "SR 6.2", title: "Continuous monitoring", status: "unknown", evidence: [] }],
      nist_csf: [{ id: "DE.CM-01", title: "Networks and network services are monitored", status: "met", evidence: ["sensors in 7 of 8 zones"] }, { id: "ID.AM-01", title: "Inventories of hardware are maintained", status: "gap", evidence: ["31 unknown assets"] }],
      attack: { enterprise: TACTICS.enterprise!.map(technique), ics: TACTICS.ics!.map(technique) },
    },
    changes: { since: iso(START), assets: { new: ["hmi-00031", "con-00077"], gone: [], changed: [{ id: "plc-3", firmware: ["4.1", "4.5"] }] }, incidents: { new: incidents.slice(0, 3).map((one) => one.id), closed: [] }, rules: { firing: ["rule-1"], quiet: [] } },
    left_out: [],
  };
}

/** Text that tries to be something else, at every place that holds text. */
export const HOSTILE = [
  "<script>alert(1)</script>", "</script><script>alert(2)</script>", "<!--<script>", "]]>", "<img src=x onerror=alert(3)>", "javascript:alert(4)", "\"><svg onload=alert(5)>", "'; alert(6); '", "${alert(7)}{{alert(8)}}",
  "plc\u202egnp.exe", "line\u2028and\u2029paragraph", "nul\u0000bell\u0007", "zero\u200bwidth\ufeff", "עברית العربية 漢字 ไทย 🏭👩🏽‍🔧", "e\u0301".repeat(40), "long".repeat(500), "__proto__", "constructor", "&lt;b&gt;&amp;", "\ud800 alone \udc00",
];

export function hostile(): Any {
  const plain = document({ incidents: 24, assets: 60, rules: 40, seed: 3 });
  let at = 0;
  const isName = (key: string) => !["form", "level", "first", "last", "start", "time", "first_seen", "last_seen", "since", "status", "made", "criticality", "tactic"].includes(key);
  const turn = (value: unknown, key: string): unknown => {
    if (typeof value === "string") return isName(key) ? `${HOSTILE[at++ % HOSTILE.length]} ${value}` : value;
    if (Array.isArray(value)) return value.map((one) => turn(one, key));
    if (typeof value !== "object" || value === null) return value;
    const all = Object.entries(value).map(([name, own]) => [name, turn(own, name)] as const);
    return Object.fromEntries(key === "entities" ? all.map(([name, own]) => [`<b>${name}`, own]) : all);
  };
  // The level of any text may be any text too.
  return { ...(turn(plain, "") as Any), ["<script>alert(9)</script>"]: HOSTILE, blind_spots: HOSTILE.map((own) => ({ what: own, why: own })) };
}
