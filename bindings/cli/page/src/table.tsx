// A table that can be sorted, of which only the rows in sight are drawn.
import { Virtualizer, elementScroll, observeElementOffset, observeElementRect } from "@tanstack/virtual-core";
import type { ComponentChildren } from "preact";
import type { RefObject } from "preact";
import { useLayoutEffect, useMemo, useReducer, useRef, useState } from "preact/hooks";
import { useView } from "./parts";
import { count } from "./words";

export function useVirtual<E extends Element>(own: RefObject<E | null>, options: { count: number; height: number; measured?: boolean }) {
  const [, redraw] = useReducer<number, void>((times) => times + 1, 0);
  const all = {
    count: options.count, estimateSize: () => options.height, overscan: 8, getScrollElement: () => own.current, scrollToFn: elementScroll, observeElementRect,
    observeElementOffset, onChange: () => redraw(), ...(options.measured ? { measureElement: measured as never } : {}),
    initialRect: { width: 800, height: 560 },
  };
  const [virtual] = useState(() => new Virtualizer<E, Element>(all));
  virtual.setOptions({ ...virtual.options, ...all });
  useLayoutEffect(() => virtual._didMount(), []);
  useLayoutEffect(() => virtual._willUpdate());
  return virtual;
}

// PERF: the height that a row is known to have, until the browser tells it; to ask for it would lay out the whole page for each table.
const measured = (row: Element, told: ResizeObserverEntry | undefined, virtual: Virtualizer<never, never>): number =>
  told?.borderBoxSize?.[0]?.blockSize ?? virtual.measurementsCache[Number((row as HTMLElement).dataset.index)]?.size ?? ROW;
const ROW = 38;

export interface Column<T> {
  head: string;
  /** What it is sorted by. */
  value(row: T): string | number | null;
  cell?(row: T): ComponentChildren;
  kind?: "number" | "wide" | "time";
}

const compare = (one: string | number | null, other: string | number | null): number => {
  if (one === other) return 0;
  if (one === null || one === "") return 1;
  if (other === null || other === "") return -1;
  return typeof one === "number" && typeof other === "number" ? one - other : String(one) < String(other) ? -1 : 1;
};

/** Rows that are printed at most. */
const PRINTED_MAX = 60;

export function Table<T>({ label, rows, columns, sorted, name }: {
  label: string; name: string; rows: T[]; columns: Column<T>[]; sorted?: { by: number; down: boolean };
}) {
  const { printing } = useView();
  const [order, setOrder] = useState(sorted ?? null);
  const place = useRef<HTMLDivElement>(null);
  const ordered = useMemo(() => {
    const column = order && columns[order.by];
    if (!column) return rows;
    const keyed = rows.map((row, at) => ({ row, at, key: column.value(row) }));
    const isEmpty = (key: string | number | null) => key === null || key === "";
    // What is empty stays behind in both directions.
    keyed.sort((one, other) => (isEmpty(one.key) || isEmpty(other.key) || !order.down ? compare(one.key, other.key) : -compare(one.key, other.key)) || one.at - other.at);
    return keyed.map((one) => one.row);
  }, [rows, order]);
  const virtual = useVirtual(place, { count: ordered.length, height: ROW, measured: true });
  const items = printing ? ordered.slice(0, PRINTED_MAX).map((_, index) => ({ index })) : virtual.getVirtualItems();
  const seen = virtual.getVirtualItems();
  const above = printing ? 0 : (seen[0]?.start ?? 0);
  const below = printing ? 0 : virtual.getTotalSize() - (seen.at(-1)?.end ?? 0);
  const sort = (by: number) => {
    const isNumber = columns[by]?.kind === "number";
    setOrder((old) => ({ by, down: old?.by === by ? !old.down : isNumber }));
    if (place.current) place.current.scrollTop = 0;
  };
  if (rows.length === 0) return <p class="empty">Nothing matches.</p>;
  const isLong = ordered.length > 14;
  return (
    <>
      <div class={`rows${isLong ? " long" : ""}`} ref={place} role="region" aria-label={`${label}, scrollable`} tabIndex={0} id={name}>
        <table aria-label={label} aria-rowcount={ordered.length + 1}>
          <thead>
            <tr aria-rowindex={1}>
              {columns.map((column, at) => (
                <th key={column.head} scope="col" class={column.kind} aria-sort={order?.by === at ? (order.down ? "descending" : "ascending") : undefined}>
                  <button type="button" onClick={() => sort(at)}>
                    {column.head}<span class="order" aria-hidden="true">{order?.by === at ? (order.down ? "▼" : "▲") : ""}</span>
                  </button>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {above > 0 && <tr class="space" aria-hidden="true"><td colSpan={columns.length} style={{ height: `${above}px` }} /></tr>}
            {items.map(({ index }) => {
              const row = ordered[index];
              if (row === undefined) return null;
              return (
                <tr key={index} data-index={index} aria-rowindex={index + 2} ref={printing ? undefined : (own) => { if (own) virtual.measureElement(own); }}>
                  {columns.map((column) => <td key={column.head} class={column.kind}>{column.cell ? column.cell(row) : <bdi>{column.value(row)}</bdi>}</td>)}
                </tr>
              );
            })}
            {below > 0 && <tr class="space" aria-hidden="true"><td colSpan={columns.length} style={{ height: `${below}px` }} /></tr>}
          </tbody>
        </table>
      </div>
      {printing && ordered.length > PRINTED_MAX && <p class="more">{count(ordered.length - PRINTED_MAX)} further rows are in the page itself.</p>}
    </>
  );
}
