// The period across IT and OT: findings by level, incidents, events of both sides, and the part of it that everything else is filtered by.
import { scaleLinear, scaleSqrt, scaleUtc } from "d3-scale";
import { useEffect, useId, useMemo, useRef, useState } from "preact/hooks";
import { LEVELS, type Incident } from "./document";
import { Section, Shape, useView, type Period } from "./parts";
import { capital, clock, count, counted, day, long, moment, span } from "./words";

const LEFT = 104;
const RIGHT = 24;
const FINDINGS = { top: 12, height: 84 };
const SPANS = { top: 108, row: 9, most: 8 };
const STREAM = 52;

/** Incidents in as few rows as they need, those of the highest score first; those for which there is no room are counted. */
function packed(incidents: Incident[], x: (at: number) => number): { placed: { incident: Incident; row: number; from: number; to: number }[]; rest: number } {
  const rows: [number, number][][] = [];
  const placed = [];
  let rest = 0;
  for (const incident of incidents) {
    if (incident.first === null || incident.last === null) continue;
    const [from, to] = [x(incident.first), Math.max(x(incident.last), x(incident.first) + 5)];
    let row = rows.findIndex((taken) => taken.every(([start, end]) => to + 3 < start || from - 3 > end));
    if (row < 0) row = rows.length;
    if (row >= SPANS.most) {
      rest += 1;
      continue;
    }
    (rows[row] ??= []).push([from, to]);
    placed.push({ incident, row, from, to });
  }
  return { placed, rest };
}

export function Timeline({ found }: { found: Incident[] }) {
  const { report, period, setPeriod, openIncident } = useView();
  const place = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(1200);
  const [drag, setDrag] = useState<{ from: number; to: number } | null>(null);
  const [hover, setHover] = useState<number | null>(null);
  const ids = [useId(), useId()];
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => entry && setWidth(Math.max(320, Math.round(entry.contentRect.width))));
    if (place.current) observer.observe(place.current);
    return () => observer.disconnect();
  }, []);
  const { timeline, step } = report;
  const [first, last] = [
    Math.min(report.first ?? 0, timeline[0]?.start ?? Infinity), Math.max((report.last ?? 0) + 1, timeline.length ? timeline.at(-1)!.start + step : 0),
  ];
  const left = width < 640 ? 62 : LEFT;
  const x = useMemo(() => scaleUtc([first, last], [left, width - RIGHT]), [first, last, width, left]);
  const spans = useMemo(() => packed(report.incidents, x), [report, x]);
  const rows = Math.max(1, ...spans.placed.map((one) => one.row + 1));
  const streams = SPANS.top + rows * SPANS.row + 22;
  const height = streams + STREAM * 2 + 12 + 26;
  if (report.first === null || report.last === null) return <Section id="timeline" title="Timeline"><p class="empty">No times are known.</p></Section>;

  const most = Math.max(1, ...timeline.map((one) => LEVELS.reduce((sum, level) => sum + one.findings[level], 0)));
  const y = scaleLinear([0, most], [0, FINDINGS.height]);
  const bar = Math.max(1, x(first + step) - x(first) - 0.6);
  const stream = (of: "it" | "ot", base: number) => {
    const tall = scaleSqrt([0, Math.max(1, ...timeline.map((one) => one[of]))], [0, STREAM - 8]);
    return timeline.map((one) => `M${x(one.start).toFixed(1)} ${base}v${(-tall(one[of])).toFixed(1)}h${bar.toFixed(1)}V${base}Z`).join("");
  };
  const at = (event: PointerEvent) => {
    const box = place.current!.getBoundingClientRect();
    return Math.max(first, Math.min(last, x.invert(event.clientX - box.left).getTime()));
  };
  const chosen = drag ?? period;
  const [from, to] = chosen ? [Math.min(chosen.from, chosen.to), Math.max(chosen.from, chosen.to)] : [first, last];
  const end = () => {
    if (!drag) return;
    // A click without a way is no choice.
    const wide = Math.abs(x(drag.to) - x(drag.from)) > 4;
    if (wide) setPeriod({ from, to });
    else if (hover === null) setPeriod(null);
    setDrag(null);
  };
  const slide = (next: Period) => setPeriod(next.from <= first && next.to >= last ? null : next);
  const near = hover === null ? null : timeline[Math.min(timeline.length - 1, Math.max(0, Math.floor((hover - first) / step)))];
  const ticks = x.ticks(Math.max(3, Math.floor(width / 130)));
  const spread = last - first;
  const tick = (time: Date) => (spread > 3 * 86_400_000 || (time.getUTCHours() === 0 && time.getUTCMinutes() === 0) ? day(time.getTime()).slice(5) : clock(time.getTime()).slice(0, 5));

  return (
    <Section id="timeline" title="Timeline" lead="Drag over a part of it, or use the two sliders: incidents, assets, techniques, rules and operations below are then of that period.">
      <div class="chart" ref={place}>
        <svg
          width={width} height={height} viewBox={`0 0 ${width} ${height}`} role="img" aria-label={`Findings, incidents and events of IT and OT from ${moment(first)} to ${moment(last)} UTC. The sliders below choose a part of it.`}
          onPointerDown={(event) => {
            if (event.button !== 0 || (event.target as Element).closest("[data-incident]")) return;
            event.currentTarget.setPointerCapture(event.pointerId);
            setDrag({ from: at(event), to: at(event) });
          }}
          onPointerMove={(event) => {
            setHover(at(event));
            if (drag) setDrag({ ...drag, to: at(event) });
          }}
          onPointerUp={end} onPointerCancel={() => setDrag(null)} onPointerLeave={() => setHover(null)}
        >
          {ticks.map((time) => (
            <g key={+time}>
              <line class="grid" x1={x(time)} x2={x(time)} y1={FINDINGS.top - 4} y2={height - 24} />
              <text class="tick" x={x(time)} y={height - 8} text-anchor="middle">{tick(time)}</text>
            </g>
          ))}
          <text class="lane" x={0} y={FINDINGS.top + 14}>Findings</text>
          <text class="tick" x={left - 6} y={FINDINGS.top + 8} text-anchor="end">{count(most)}</text>
          <line class="axis" x1={left} x2={width - RIGHT} y1={FINDINGS.top + FINDINGS.height} y2={FINDINGS.top + FINDINGS.height} />
          {timeline.map((one) => {
            let base = FINDINGS.top + FINDINGS.height;
            return [...LEVELS].map((level) => {
              const tall = y(one.findings[level]);
              if (!tall) return null;
              base -= tall;
              return <rect key={`${one.start}${level}`} class={`fill ${level}`} x={x(one.start)} y={base} width={Math.max(2, bar)} height={tall} />;
            });
          })}
          <text class="lane" x={0} y={SPANS.top + 9}>Incidents</text>
          {spans.rest > 0 && <text class="tick" x={0} y={SPANS.top + 24}>+ {count(spans.rest)} more</text>}
          {spans.placed.map(({ incident, row, from, to }) => (
            <rect
              key={incident.id} data-incident={incident.id} class={`span fill ${incident.level}`} x={from} y={SPANS.top + row * SPANS.row} width={to - from} height={SPANS.row - 3} rx={3}
              onClick={() => openIncident(incident.id)}
            >
              <title>{`${incident.title} (${incident.level}, score ${incident.score.total})`}</title>
            </rect>
          ))}
          <text class="lane" x={0} y={streams + STREAM - 20}>IT</text>
          <text class="tick" x={0} y={streams + STREAM - 6}>events</text>
          <path class="fill it" d={stream("it", streams + STREAM)} />
          <line class="axis" x1={left} x2={width - RIGHT} y1={streams + STREAM} y2={streams + STREAM} />
          <text class="lane" x={0} y={streams + STREAM * 2 - 14}>OT</text>
          <text class="tick" x={0} y={streams + STREAM * 2}>events</text>
          <path class="fill ot" d={stream("ot", streams + STREAM * 2 + 6)} />
          <line class="axis" x1={left} x2={width - RIGHT} y1={streams + STREAM * 2 + 6} y2={streams + STREAM * 2 + 6} />
          {chosen && (
            <g class="brush">
              <rect class="shade" x={left} y={4} width={Math.max(0, x(from) - left)} height={height - 28} />
              <rect class="shade" x={x(to)} y={4} width={Math.max(0, width - RIGHT - x(to))} height={height - 28} />
              <rect class="frame" x={x(from)} y={4} width={Math.max(1, x(to) - x(from))} height={height - 28} />
            </g>
          )}
          {hover !== null && !drag && <line class="hover" x1={x(hover)} x2={x(hover)} y1={4} y2={height - 24} />}
        </svg>
      </div>
      <p class="told" aria-hidden="true">
        {near ? <>{moment(near.start)}: {count(near.it)} IT and {count(near.ot)} OT events{LEVELS.filter((level) => near.findings[level]).map((level) => `, ${near.findings[level]} ${level}`)}</> : <> </>}
      </p>
      <ul class="key" aria-label="Levels">
        {LEVELS.map((level) => <li key={level}><Shape level={level} />{capital(level)}</li>)}
        <li><span class="box it" />IT events</li><li><span class="box ot" />OT events (square root scale)</li>
      </ul>
      <div class="sliders">
        {(["from", "to"] as const).map((name, side) => (
          <div class="field" key={name}>
            <label for={ids[side]}>{capital(name)} <output>{moment(side ? to : from)}</output></label>
            <input
              id={ids[side]} type="range" min={first} max={first + Math.ceil((last - first) / Math.max(1000, step)) * Math.max(1000, step)} step={Math.max(1000, step)} value={side ? to : from} aria-valuetext={`${moment(side ? to : from)} UTC`}
              onInput={(event) => {
                const value = Number(event.currentTarget.value);
                slide(side ? { from: Math.min(from, value), to: value } : { from: value, to: Math.max(to, value) });
              }}
            />
          </div>
        ))}
        <button type="button" onClick={() => setPeriod(null)} disabled={!period}>Whole period</button>
        <p class="told" aria-live="polite">{period ? <>{span(period.from, period.to)} ({long(period.to - period.from)}): {counted(found.length, "incident")}</> : <>{span(first, last)} ({long(last - first)})</>}</p>
      </div>
    </Section>
  );
}
