// The report page: unpacks the document that the file holds and draws it. It asks for nothing from anywhere.
import { render } from "preact";
import { useCallback, useEffect, useMemo, useState } from "preact/hooks";
import "./page.css";
import { AssetDialog, Assets, Zones } from "./assets";
import { Attack, TechniqueDialog } from "./attack";
import { parse, report as read, unpack, type Asset, type Report } from "./document";
import { Changes, Governance, PrivilegedOperations } from "./governance";
import { Incidents } from "./incidents";
import { Overview } from "./overview";
import { ViewContext, within, type Period, type View } from "./parts";
import { BlindSpots, Rules } from "./rules";
import { Timeline } from "./timeline";
import { count, counted, moment, span } from "./words";

const SECTIONS: [string, string][] = [
  ["timeline", "Timeline"], ["incidents", "Incidents"], ["assets", "Assets"], ["zones", "Zones"], ["attack", "ATT&CK"], ["blind", "Blind spots"], ["rules", "Rules"],
  ["privileged", "Operations"], ["governance", "Governance"], ["changes", "Changes"],
];

type Theme = "auto" | "light" | "dark";
type Opened = { kind: "asset"; asset: Asset } | { kind: "technique"; id: string; name: string } | null;

function Page({ report, text }: { report: Report; text: string }) {
  const [period, setPeriod] = useState<Period | null>(null);
  const [printing, setPrinting] = useState(false);
  const [chosen, setChosen] = useState(() => decodeURIComponent(location.hash.slice(1)));
  const [opened, setOpened] = useState<Opened>(null);
  const [theme, setTheme] = useState<Theme>("auto");
  const incidents = useMemo(() => new Map(report.incidents.map((one) => [one.id, one])), [report]);
  const assets = useMemo(() => new Map(report.assets.flatMap((one) => [[one.name, one], [one.id, one]] as const).filter(([name]) => name)), [report]);
  const rules = useMemo(() => new Map(report.rules.map((one) => [one.id, one])), [report]);
  const found = useMemo(() => report.incidents.filter((one) => within(period, one.first, one.last)), [report, period]);
  const choose = useCallback((id: string) => {
    setChosen(id);
    history.replaceState(null, "", `#${encodeURIComponent(id)}`);
  }, []);
  const view: View = {
    report, period, printing, setPeriod, incidents, assets, rules,
    openIncident: (id) => {
      choose(id);
      requestAnimationFrame(() => {
        document.getElementById("incidents")?.scrollIntoView();
        document.getElementById("incident")?.focus({ preventScroll: true });
      });
    },
    openAsset: (asset) => setOpened({ kind: "asset", asset }),
    openTechnique: (id, name) => setOpened({ kind: "technique", id, name }),
  };
  useEffect(() => {
    const [before, after] = [() => setPrinting(true), () => setPrinting(false)];
    addEventListener("beforeprint", before);
    addEventListener("afterprint", after);
    if (incidents.has(chosen)) document.getElementById("incidents")?.scrollIntoView();
    document.documentElement.dataset.ready = "yes";
    return () => {
      removeEventListener("beforeprint", before);
      removeEventListener("afterprint", after);
    };
  }, []);
  useEffect(() => {
    if (theme === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
  }, [theme]);
  const save = () => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
    link.download = "tieline-report.json";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  };
  return (
    <ViewContext.Provider value={view}>
      <a class="skip" href="#incidents" onClick={(event) => { event.preventDefault(); document.getElementById("main")?.focus(); }}>Skip to the report</a>
      <header class="top">
        <div class="title">
          <p class="brand">Tieline report</p>
          <h1><bdi>{report.site || "Security report"}</bdi></h1>
          <p>{span(report.first, report.last)} UTC</p>
        </div>
        <div class="tools noprint">
          <label for="theme">Appearance</label>
          <select id="theme" value={theme} onChange={(event) => setTheme(event.currentTarget.value as Theme)}>
            <option value="auto">As the system</option><option value="light">Light</option><option value="dark">Dark</option>
          </select>
          <button type="button" onClick={() => print()}>Print</button>
          <button type="button" onClick={save}>Save as JSON</button>
        </div>
      </header>
      <nav aria-label="Sections" class="noprint">
        <ul>{SECTIONS.filter(([id]) => id !== "zones" || report.zones.length || report.conduits.length).map(([id, title]) => (
          <li key={id}><a href={`#${id}`} onClick={(event) => { event.preventDefault(); document.getElementById(id)?.scrollIntoView(); document.getElementById(id)?.focus({ preventScroll: true }); }}>{title}</a></li>
        ))}</ul>
        {period && <p class="period">{span(period.from, period.to)} <button type="button" onClick={() => setPeriod(null)}>Whole period</button></p>}
      </nav>
      <main id="main" tabIndex={-1}>
        {report.form !== "tieline.report/1" && <p class="notice" role="note">This is no report of the form that this page knows (tieline.report/1); parts may be missing.</p>}
        {report.leftOut.length > 0 && (
          <div class="notice" role="note">
            <strong>Not everything is on this page.</strong> Left out: {report.leftOut.map((one, at) => <span key={at}>{at > 0 && ", "}{count(one.count)} <bdi>{one.what}</bdi></span>)}.
          </div>
        )}
        <Overview found={found} />
        <Timeline found={found} />
        <Incidents found={found} chosen={chosen} onChoose={choose} />
        <Assets />
        <Zones />
        <Attack found={found} />
        <BlindSpots />
        <Rules />
        <PrivilegedOperations />
        <Governance />
        <Changes />
      </main>
      <footer>
        <p><bdi>{report.madeBy || "tieline"}</bdi> · {counted(report.read, "event")} · up to {moment(report.last)} UTC · this file is complete and asks for nothing from the network</p>
        <details class="noprint"><summary>Licences of what it is made of</summary><pre tabIndex={0}>{document.getElementById("licences")?.textContent}</pre></details>
      </footer>
      {opened?.kind === "asset" && <AssetDialog key={opened.asset.id} asset={opened.asset} onClose={() => setOpened(null)} />}
      {opened?.kind === "technique" && <TechniqueDialog key={opened.id} id={opened.id} name={opened.name} onClose={() => setOpened(null)} />}
    </ViewContext.Provider>
  );
}

const root = document.getElementById("page")!;
const packed = document.getElementById("document")!;
unpack(packed.textContent!.trim())
  .then((text) => {
    packed.textContent = "";
    const report = read(parse(text));
    document.title = report.site ? `${report.site} – Tieline report` : "Tieline report";
    root.replaceChildren();
    render(<Page report={report} text={text} />, root);
  })
  .catch((error: unknown) => {
    const told = document.createElement("p");
    told.setAttribute("role", "alert");
    told.textContent = `This report cannot be shown: ${error instanceof Error ? error.message : String(error)}. It needs a browser of 2023 or later.`;
    root.replaceChildren(told);
  });
