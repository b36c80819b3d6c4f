// Numbers, times and names as people read them. All times are UTC, as in the events.
import type { Level } from "./document";

const counts = new Intl.NumberFormat("en");
export const count = (number: number): string => counts.format(number);
export const counted = (number: number, what: string, many = `${what}s`): string => `${count(number)} ${number === 1 ? what : many}`;

const two = (number: number) => String(number).padStart(2, "0");
export const day = (at: number): string => {
  const date = new Date(at);
  return `${date.getUTCFullYear()}-${two(date.getUTCMonth() + 1)}-${two(date.getUTCDate())}`;
};
export const clock = (at: number): string => {
  const date = new Date(at);
  return `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}`;
};
export const moment = (at: number | null): string => (at === null ? "unknown" : `${day(at)} ${clock(at)}`);
export const span = (first: number | null, last: number | null): string => {
  if (first === null || last === null) return moment(first ?? last);
  if (last - first < 1000) return moment(first);
  return day(first) === day(last) ? `${moment(first)} – ${clock(last)}` : `${moment(first)} – ${moment(last)}`;
};
export const long = (ms: number): string => {
  const minutes = Math.round(ms / 60_000);
  if (minutes < 1) return `${Math.max(0, Math.round(ms / 1000))} s`;
  if (minutes < 120) return `${minutes} min`;
  const hours = minutes / 60;
  return hours < 48 ? `${Math.floor(hours)} h ${two(minutes % 60)} min` : `${Math.round(hours / 24)} days`;
};
export const percent = (share: number | null): string => (share === null ? "unknown" : `${Math.round(share * 100)} %`);

/** `engineering_workstation` as words. */
export const plain = (name: string): string => name.replace(/[_-]/g, " ");
export const capital = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1);

const RANKS: Record<string, number> = { critical: 4, high: 3, medium: 2, low: 1, informational: 0 };
export const rank = (level: string): number => RANKS[level] ?? -1;
export const worst = (levels: Level[]): Level => levels.reduce((one, other) => (rank(other) > rank(one) ? other : one), "informational");

/** Without the folders that are the same for all. */
export const place = (event: string): string => event.replace(/^.*[\\/](?=[^\\/]*:\d+$)/, "");

/** The same for all events that a sentence names. */
export const places = (told: string): string => told.replace(/[^\s()]*[\\/](?=[^\s()\\/]*:\d+\b)/g, "");

/** Up to 3 a plant is OT; above it is the DMZ and IT. */
export const isOt = (level: number): boolean => level <= 3;
export const purdue = (level: number | null): string => (level === null ? "no level" : `Level ${level}`);
