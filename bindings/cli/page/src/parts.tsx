// Small parts that all sections are made of.
import type { ComponentChildren, JSX } from "preact";
import { createContext } from "preact";
import { useContext, useEffect, useId, useRef } from "preact/hooks";
import type { Asset, Incident, Level, Report, Rule, Times } from "./document";
import { capital } from "./words";

export interface Period { from: number; to: number }
export interface View {
  report: Report;
  period: Period | null;
  printing: boolean;
  setPeriod(period: Period | null): void;
  openIncident(id: string): void;
  openAsset(asset: Asset): void;
  openTechnique(id: string, name: string): void;
  incidents: Map<string, Incident>;
  assets: Map<string, Asset>;
  rules: Map<string, Rule>;
}
export const ViewContext = createContext<View | null>(null);
export const useView = (): View => useContext(ViewContext)!;

/** Whether something that lasts from `first` to `last` falls into a period; what has no time always does. */
export const within = (period: Period | null, first: number | null, last: number | null): boolean =>
  period === null || (first === null && last === null) || ((first ?? last)! <= period.to && (last ?? first)! >= period.from);

/** How often a rule or a technique was found in a period: in parts of the timeline that begin before its end and end after its beginning. Where it is not told in which,
 * all of it counts that falls into the period. */
export function foundIn(period: Period | null, step: number, one: { detections: number; times: Times; first?: number | null; last?: number | null }): number {
  if (period === null) return one.detections;
  if (!one.times.length) return within(period, one.first ?? null, one.last ?? null) ? one.detections : 0;
  return one.times.reduce((sum, [start, count]) => (start < period.to && start + step > period.from ? sum + count : sum), 0);
}

const SHAPES: Record<Level, JSX.Element> = {
  critical: <path d="M6 .5 11.5 6 6 11.5 .5 6Z" />,
  high: <path d="M6 1 11.5 11H.5Z" />,
  medium: <rect x="1.5" y="1.5" width="9" height="9" />,
  low: <circle cx="6" cy="6" r="4.6" />,
  informational: <circle cx="6" cy="6" r="3.8" fill="none" stroke="currentColor" stroke-width="1.8" />,
};
/** A level by shape, colour and word. */
export const Shape = ({ level }: { level: Level }) => (
  <svg class={`shape ${level}`} viewBox="0 0 12 12" width="12" height="12" aria-hidden="true">{SHAPES[level]}</svg>
);
export const LevelMark = ({ level }: { level: Level }) => <span class="level"><Shape level={level} />{capital(level)}</span>;

const SIGNS: Record<string, string> = { good: "✓", bad: "✕", open: "?", note: "!" };
export const Pill = ({ kind, children }: { kind: "good" | "bad" | "open" | "note"; children: ComponentChildren }) => (
  <span class={`pill ${kind}`}><span aria-hidden="true">{SIGNS[kind]}</span> {children}</span>
);

/** Text from data, with its own direction. */
export const Data = ({ children }: { children: ComponentChildren }) => <bdi>{children}</bdi>;

/** A host by name; a button when the page knows it as an asset. */
export function HostName({ name }: { name: string }) {
  const { assets, openAsset } = useView();
  const asset = assets.get(name);
  return asset ? <button type="button" class="link" onClick={() => openAsset(asset)}><bdi>{name}</bdi></button> : <bdi>{name}</bdi>;
}

export function Section({ id, title, lead, children }: { id: string; title: string; lead?: ComponentChildren; children: ComponentChildren }) {
  return (
    <section id={id} aria-labelledby={`${id}-title`} tabIndex={-1}>
      <h2 id={`${id}-title`}>{title}</h2>
      {lead && <p class={`lead${id === "timeline" ? " noprint" : ""}`}>{lead}</p>}
      {children}
    </section>
  );
}

export function Search({ label, value, onValue }: { label: string; value: string; onValue(value: string): void }) {
  const id = useId();
  return (
    <div class="field wide">
      <label for={id}>{label}</label>
      <input id={id} type="search" value={value} autocomplete="off" spellcheck={false} onInput={(event) => onValue(event.currentTarget.value)} />
    </div>
  );
}

export function Choice({ label, value, options, onValue, all = "All" }: {
  label: string; value: string; options: [string, string][]; onValue(value: string): void; all?: string | null;
}) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select id={id} value={value} onChange={(event) => onValue(event.currentTarget.value)}>
        {all !== null && <option value="">{all}</option>}
        {options.map(([key, words]) => <option key={key} value={key} selected={key === value}>{words}</option>)}
      </select>
    </div>
  );
}

/** The values that occur, the most frequent first, each with its number. */
export function facets<T>(all: T[], of: (one: T) => string | string[]): [string, string][] {
  const found = new Map<string, number>();
  for (const one of all) for (const name of [of(one)].flat()) if (name) found.set(name, (found.get(name) ?? 0) + 1);
  return [...found].sort((one, other) => other[1] - one[1] || one[0].localeCompare(other[0])).slice(0, 200).map(([name, count]) => [name, `${name} (${count})`]);
}

/** A number as the part of a bar. */
export const Bar = ({ share, kind = "" }: { share: number; kind?: string }) => (
  <span class="bar" aria-hidden="true"><span class={kind} style={{ width: `${Math.max(0, Math.min(1, share)) * 100}%` }} /></span>
);

export function Dialog({ title, onClose, children }: { title: ComponentChildren; onClose(): void; children: ComponentChildren }) {
  const own = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    if (!own.current?.open) own.current?.showModal();
  }, []);
  return (
    <dialog ref={own} aria-labelledby={id} onClose={onClose} onClick={(event) => event.target === own.current && own.current?.close()}>
      <div class="dialog">
        <header><h2 id={id}>{title}</h2><button type="button" class="plain" onClick={() => own.current?.close()}>Close</button></header>
        {children}
      </div>
    </dialog>
  );
}

export const Empty = ({ children }: { children: ComponentChildren }) => <p class="empty">{children}</p>;

/** Those in which each word of the search occurs. What one says is put together when it is first searched. */
export function searched<T extends object>(all: T[], search: string, says: (one: T) => string[]): T[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.length) return all;
  return all.filter((one) => {
    let own = SAID.get(one);
    if (own === undefined) SAID.set(one, (own = says(one).join("\n").toLowerCase()));
    return words.every((word) => own.includes(word));
  });
}
const SAID = new WeakMap<object, string>();
