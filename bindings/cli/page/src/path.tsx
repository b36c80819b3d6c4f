// The way of an incident, drawn over Purdue levels and zones: a lane for each zone, a hop as an arrow from lane to lane.
import { useId } from "preact/hooks";
import type { Asset, Hop, Incident } from "./document";
import { HostName, Pill, useView } from "./parts";
import { clock, isOt, moment, percent, place, plain } from "./words";

const LABEL = 132;
const BOX = { width: 152, height: 44 };
const COLUMN = 286;
const LANE = 84;
/** Hops that are drawn; a longer way is told in full below. */
const DRAWN_MAX = 40;

interface Stop { name: string; zone: string; level: number | null; role: string; criticality: string; isStrange: boolean; lane: number; x: number; y: number }

/** Where each host of the way stands; a host that the inventory does not know is outside. What the incident does not tell of a host its asset does. */
function stops(incident: Incident, hops: Hop[], assets: Map<string, Asset>): { stops: Stop[]; lanes: { zone: string; level: number | null }[] } {
  const own = new Map(incident.hosts.map((host) => [host.name, host]));
  const known = { get: (name: string) => own.get(name) ?? assets.get(name) };
  const names = [hops[0]!.from, ...hops.map((hop) => hop.to)];
  const all = names.map((name, at) => {
    const host = known.get(name);
    const [out, into] = [hops[at], hops[at - 1]];
    // A hop that tells no zones stays in one.
    const near = [out && !out.zones ? known.get(out.to) : undefined, into && !into.zones ? known.get(into.from) : undefined];
    const zone = host?.zone || out?.zones?.[0] || into?.zones?.[1] || near[0]?.zone || near[1]?.zone || "";
    const level = host?.level ?? out?.levels?.[0] ?? into?.levels?.[1] ?? near[0]?.level ?? near[1]?.level ?? null;
    const isStrange = own.get(name)?.isAsset === false || assets.get(name)?.status === "unknown";
    return { name, zone, level, role: host?.role ?? "", criticality: host?.criticality ?? "", isStrange, lane: 0, x: 0, y: 0 };
  });
  const key = (stop: { zone: string; level: number | null }) => `${stop.level ?? ""}\n${stop.zone}`;
  const lanes = [...new Map(all.map((stop) => [key(stop), { zone: stop.zone, level: stop.level }])).values()]
    .sort((one, other) => (other.level ?? 99) - (one.level ?? 99));
  const places = new Map(lanes.map((lane, at) => [key(lane), at]));
  all.forEach((stop, at) => {
    stop.lane = places.get(key(stop))!;
    stop.x = LABEL + at * COLUMN + 12;
    stop.y = stop.lane * LANE + LANE / 2;
  });
  return { stops: all, lanes };
}

const short = (name: string, most: number): string => {
  const signs = Array.from(name);
  return signs.length > most ? `${signs.slice(0, most - 1).join("")}…` : name;
};

/** Hops, and behind the last one of the way what its host then did, which no finding tells. */
const withOnward = (incident: Incident, hops: Hop[]): Hop[] => (incident.onward && hops.length === incident.hops.length ? [...hops, incident.onward] : hops);

/** From IT, or from the DMZ, into the plant or back. */
export const crosses = (hop: Hop): boolean => hop.levels !== null && isOt(hop.levels[0]) !== isOt(hop.levels[1]);

export function PathPicture({ incident }: { incident: Incident }) {
  const id = useId();
  const way = incident.hops.slice(0, DRAWN_MAX);
  const hops = withOnward(incident, way);
  const { stops: all, lanes } = stops(incident, hops, useView().assets);
  const width = all.at(-1)!.x + BOX.width + 14;
  const height = lanes.length * LANE + 8;
  const border = lanes.findIndex((lane, at) => at > 0 && lane.level !== null && isOt(lane.level) && !(lanes[at - 1]!.level !== null && isOt(lanes[at - 1]!.level!)));
  return (
    <div class="picture" role="region" aria-label="Picture of the way, scrollable" tabIndex={0}>
      <svg viewBox={`0 0 ${width} ${height}`} width={width} height={height} style={{ maxWidth: `${width}px`, minWidth: `${Math.min(width, 660)}px` }} role="img" aria-labelledby={`${id}-title`}>
        <title id={`${id}-title`}>{`The way over Purdue levels and zones: ${all.map((stop) => stop.name).join(" to ")}. It is told step by step below.`}</title>
        <defs>
          {["hop", "cross"].map((kind) => (
            <marker key={kind} id={`${id}-${kind}`} viewBox="0 0 10 10" refX="9" refY="5" markerWidth="9" markerHeight="9" markerUnits="userSpaceOnUse" orient="auto"><path class={`head ${kind}`} d="M0 0 10 5 0 10Z" /></marker>
          ))}
        </defs>
        {lanes.map((lane, at) => (
          <g key={at}>
            <rect class={`lane ${lane.level === null ? "outside" : isOt(lane.level) ? "ot" : "it"}`} x={0} y={at * LANE + 2} width={width} height={LANE - 4} rx={6} />
            <text class="level" x={14} y={at * LANE + LANE / 2 - 3}>{lane.level === null ? "Outside" : `Level ${lane.level}`}</text>
            <text class="zone" x={14} y={at * LANE + LANE / 2 + 14}>{short(lane.zone || (lane.level === null ? "no known zone" : "no zone"), 17)}</text>
          </g>
        ))}
        {border > 0 && (
          <g class="border">
            <line x1={0} x2={width} y1={border * LANE} y2={border * LANE} />
            <text x={14} y={border * LANE - 6}>IT</text><text x={14} y={border * LANE + 13}>OT</text>
          </g>
        )}
        {hops.map((hop, at) => <Arrow key={at} hop={hop} from={all[at]!} to={all[at + 1]!} id={id} isOnward={at === way.length} />)}
        {all.map((stop, at) => (
          <g key={at} class={`stop${at === way.length ? " end" : ""}${at === 0 ? " start" : ""}`}>
            <rect x={stop.x} y={stop.y - BOX.height / 2} width={BOX.width} height={BOX.height} rx={7} />
            <svg x={stop.x + 4} y={stop.y - BOX.height / 2} width={BOX.width - 8} height={BOX.height}>
              <text class="host" x="50%" y={BOX.height / 2 - 2} text-anchor="middle">{short(stop.name, 18)}<title>{stop.name}</title></text>
              <text class="role" x="50%" y={BOX.height / 2 + 13} text-anchor="middle">{short(told(stop), 26)}<title>{told(stop)}</title></text>
            </svg>
          </g>
        ))}
      </svg>
      {incident.hops.length > way.length && <p class="more">The first {way.length} of {incident.hops.length} hops are drawn.</p>}
    </div>
  );
}

const told = (stop: Stop) => [plain(stop.role), stop.criticality].filter(Boolean).join(", ") || (stop.isStrange ? "not in inventory" : "");

function Arrow({ hop, from, to, id, isOnward }: { hop: Hop; from: Stop; to: Stop; id: string; isOnward: boolean }) {
  const [x1, x2] = [from.x + BOX.width, to.x - 3];
  const middle = (x1 + x2) / 2;
  const isCrossing = crosses(hop);
  const leaves = hop.zones !== null && hop.zones[0] !== hop.zones[1];
  const lines = [
    { kind: "what", text: short(hop.account ? `${hop.what} as ${hop.account}` : hop.what || hop.kind, 19) },
    { kind: "sure", text: `${percent(hop.confidence)}${hop.first === null ? "" : ` · ${clock(hop.first)}`}` },
    ...(leaves ? [{ kind: hop.conduit ? "conduit" : "conduit none", text: hop.conduit ? `via ${short(hop.conduit, 18)}` : "no conduit" }] : []),
    ...(isOnward ? [{ kind: "or", text: "not a finding" }] : []),
    ...(hop.alternatives.length ? [{ kind: "or", text: short(`or from ${hop.alternatives.join(", ")}`, 20) }] : []),
  ];
  const tall = lines.length * 14 + 6;
  const y = from.y === to.y ? from.y - tall / 2 - 4 : (from.y + to.y) / 2;
  const wide = Math.min(x2 - x1 - 4, Math.max(...lines.map((line) => line.text.length)) * 7.3 + 16);
  return (
    <g class={`arrow${isCrossing ? " crossing" : ""}${isOnward ? " onward" : ""}`}>
      <path d={`M${x1} ${from.y}C${middle + 6} ${from.y} ${middle - 6} ${to.y} ${x2} ${to.y}`} marker-end={`url(#${id}-${isCrossing ? "cross" : "hop"})`} stroke-dasharray={isOnward || (hop.confidence ?? 1) < 0.5 ? "5 4" : undefined} />
      <rect class="plate" x={middle - wide / 2} y={y - tall / 2} width={wide} height={tall} rx={4} />
      <svg x={middle - wide / 2} y={y - tall / 2} width={wide} height={tall}>
        {lines.map((line, at) => <text key={at} class={line.kind} x="50%" y={14 + at * 14} text-anchor="middle">{line.text}</text>)}
      </svg>
    </g>
  );
}

export const PathSteps = ({ incident }: { incident: Incident }) => (
  <ol class="steps">
    {withOnward(incident, incident.hops).map((hop, at) => (
      <li key={at}>
        <span class="time">{moment(hop.first)}</span>{" "}
        <strong><HostName name={hop.from} /> → <HostName name={hop.to} /></strong>{" "}
        {plain(hop.kind)}{hop.what && hop.what !== hop.kind && <>, <bdi>{hop.what}</bdi></>}{hop.account && <> as <bdi>{hop.account}</bdi></>}, {percent(hop.confidence)}
        {hop.zones && <span class="dim"> · <bdi>{hop.zones[0]}</bdi> → <bdi>{hop.zones[1]}</bdi>{hop.conduit ? <>, conduit <bdi>{hop.conduit}</bdi></> : ", no conduit"}</span>}
        {crosses(hop) && <> <Pill kind="note">IT to OT</Pill></>}
        {hop === incident.onward && <> <Pill kind="open">Then, not among the findings</Pill></>}
        {hop.alternatives.length > 0 && <div class="dim">as credible: from <bdi>{hop.alternatives.join(", ")}</bdi></div>}
        {hop.events.length > 0 && <div class="mono dim">{hop.events.map((event) => <span key={event} title={event}><bdi>{place(event)}</bdi> </span>)}</div>}
      </li>
    ))}
  </ol>
);
