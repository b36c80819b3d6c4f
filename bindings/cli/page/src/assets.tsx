// What stands in the plant: assets with filters, zones and conduits.
import { useMemo, useState } from "preact/hooks";
import type { Asset } from "./document";
import { Choice, Dialog, Pill, Search, Section, facets, searched, useView, within } from "./parts";
import { Table, type Column } from "./table";
import { capital, count, counted, moment, places, plain, purdue, rank } from "./words";

const STATUS: Record<string, "good" | "bad" | "open" | "note"> = { seen: "good", silent: "note", unknown: "open", changed: "note" };
export const Status = ({ status }: { status: string }) => <Pill kind={STATUS[status] ?? "open"}>{capital(status)}</Pill>;

function Name({ asset }: { asset: Asset }) {
  const { openAsset } = useView();
  return (
    <>
      <button type="button" class="link" onClick={() => openAsset(asset)}><bdi>{asset.name || asset.id}</bdi></button>
      {asset.name && asset.name !== asset.id && <span class="dim"> <bdi>{asset.id}</bdi></span>}
    </>
  );
}

const COLUMNS: Column<Asset>[] = [
  { head: "Asset", value: (one) => (one.name || one.id).toLowerCase(), cell: (one) => <Name asset={one} />, kind: "wide" },
  { head: "Role", value: (one) => plain(one.role) },
  { head: "Zone", value: (one) => one.zone },
  { head: "Level", value: (one) => one.level, kind: "number" },
  { head: "Criticality", value: (one) => rank(one.criticality), cell: (one) => <bdi>{capital(one.criticality)}</bdi>, kind: "number" },
  { head: "Status", value: (one) => one.status, cell: (one) => <Status status={one.status} /> },
  { head: "Findings", value: (one) => one.findings, cell: (one) => (one.findings ? count(one.findings) : <span class="dim">0</span>), kind: "number" },
  { head: "Incidents", value: (one) => one.incidents.length, cell: (one) => (one.incidents.length ? count(one.incidents.length) : <span class="dim">0</span>), kind: "number" },
  { head: "Addresses", value: (one) => one.addresses[0] ?? "", cell: (one) => <span class="mono"><bdi>{one.addresses.slice(0, 2).join(", ")}</bdi>{one.addresses.length > 2 && ` +${one.addresses.length - 2}`}</span> },
  { head: "Last seen (UTC)", value: (one) => one.last, cell: (one) => (one.last === null ? <span class="dim">never</span> : moment(one.last).slice(0, 16)), kind: "time" },
];

const says = (one: Asset) => [one.id, one.name, one.role, one.site, one.zone, one.owner, one.product, ...one.addresses, ...one.protocols, ...one.exposures];

export function Assets() {
  const { report, period } = useView();
  const [search, setSearch] = useState("");
  const [zone, setZone] = useState("");
  const [role, setRole] = useState("");
  const [criticality, setCriticality] = useState("");
  const [status, setStatus] = useState("");
  const choices = useMemo(() => ({
    zone: facets(report.assets, (one) => one.zone), role: facets(report.assets, (one) => one.role), status: facets(report.assets, (one) => one.status),
    criticality: facets(report.assets, (one) => one.criticality).sort(([one], [other]) => rank(other) - rank(one)),
  }), [report]);
  const shown = useMemo(() => {
    return searched(report.assets, search, says).filter((one) =>
      (!zone || one.zone === zone) && (!role || one.role === role) && (!criticality || one.criticality === criticality) && (!status || one.status === status)
      && within(period, one.first, one.last));
  }, [report, search, zone, role, criticality, status, period]);
  return (
    <Section id="assets" title="Assets" lead="What stands in the plant and what was seen of it. A name opens all that is known.">
      <div class="filters" role="search" aria-label="Assets">
        <Search label="Search" value={search} onValue={setSearch} />
        <Choice label="Zone" value={zone} onValue={setZone} options={choices.zone} />
        <Choice label="Role" value={role} onValue={setRole} options={choices.role} />
        <Choice label="Criticality" value={criticality} onValue={setCriticality} options={choices.criticality} />
        <Choice label="Status" value={status} onValue={setStatus} options={choices.status} />
        <p class="told" aria-live="polite">{shown.length === report.assets.length ? counted(shown.length, "asset") : `${count(shown.length)} of ${counted(report.assets.length, "asset")}`}</p>
      </div>
      <Table label="Assets" name="asset-rows" rows={shown} columns={COLUMNS} sorted={{ by: 7, down: true }} />
    </Section>
  );
}

export function AssetDialog({ asset, onClose }: { asset: Asset; onClose(): void }) {
  const { incidents, openIncident } = useView();
  const facts: [string, string][] = [
    ["Id", asset.id], ["Role", plain(asset.role)], ["Site", asset.site], ["Zone", asset.zone], ["Purdue level", asset.level === null ? "" : String(asset.level)],
    ["Criticality", asset.criticality], ["Owner", asset.owner], ["Product", asset.product], ["Addresses", asset.addresses.join(", ")], ["Protocols", asset.protocols.join(", ")],
    ["First seen", asset.first === null ? "" : moment(asset.first)], ["Last seen", asset.last === null ? "" : moment(asset.last)], ["Findings", count(asset.findings)],
  ];
  return (
    <Dialog title={<bdi>{asset.name || asset.id}</bdi>} onClose={onClose}>
      <p><Status status={asset.status} /></p>
      <dl class="facts">{facts.filter(([, value]) => value).map(([name, value]) => <div key={name}><dt>{name}</dt><dd><bdi>{value}</bdi></dd></div>)}</dl>
      {asset.exposures.length > 0 && <><h3>Exposures</h3><ul>{asset.exposures.map((one, at) => <li key={at}><bdi>{places(one)}</bdi></li>)}</ul></>}
      {asset.incidents.length > 0 && (
        <><h3>Incidents</h3><ul class="plain">{asset.incidents.slice(0, 50).map((id) => (
          <li key={id}>{incidents.has(id) ? <button type="button" class="link" onClick={() => { onClose(); openIncident(id); }}><bdi>{incidents.get(id)!.title}</bdi></button> : <bdi>{id}</bdi>}</li>
        ))}{asset.incidents.length > 50 && <li class="dim">and {asset.incidents.length - 50} more</li>}</ul></>
      )}
    </Dialog>
  );
}

export function Zones() {
  const { report } = useView();
  if (!report.zones.length && !report.conduits.length) return null;
  return (
    <Section id="zones" title="Zones and conduits">
      {report.zones.length > 0 && (
        <Table
          label="Zones" name="zone-rows" rows={report.zones} sorted={{ by: 1, down: true }}
          columns={[
            { head: "Zone", value: (one) => one.name, kind: "wide" },
            { head: "Level", value: (one) => one.level, cell: (one) => purdue(one.level), kind: "number" },
            { head: "SL-T", value: (one) => one.slT, kind: "number" },
            { head: "Assets", value: (one) => one.assets, cell: (one) => count(one.assets), kind: "number" },
            { head: "Risk", value: (one) => one.risk, cell: (one) => count(Math.round(one.risk)), kind: "number" },
            { head: "Sensor", value: (one) => (one.hasSensor === null ? "" : one.hasSensor ? "seen" : "none"), cell: (one) => (one.hasSensor === null ? <Pill kind="open">Unknown</Pill> : one.hasSensor ? <Pill kind="good">Seen</Pill> : <Pill kind="bad">None</Pill>) },
          ]}
        />
      )}
      {report.conduits.length > 0 && (
        <>
          <h3>Conduits</h3>
          <Table
            label="Conduits" name="conduit-rows" rows={report.conduits} sorted={{ by: 4, down: true }}
            columns={[
              { head: "Conduit", value: (one) => one.name, kind: "wide" }, { head: "From", value: (one) => one.from }, { head: "To", value: (one) => one.to },
              { head: "Allowed flows", value: (one) => one.allowed, cell: (one) => count(one.allowed), kind: "number" },
              { head: "Denied flows", value: (one) => one.denied, cell: (one) => count(one.denied), kind: "number" },
            ]}
          />
        </>
      )}
    </Section>
  );
}
