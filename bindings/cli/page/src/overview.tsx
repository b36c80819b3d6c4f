// The first look: how bad, how much, where.
import { LEVELS, type Incident, type Named } from "./document";
import { Bar, HostName, LevelMark, Shape, useView } from "./parts";
import { capital, count, counted, purdue } from "./words";

export function Overview({ found }: { found: Incident[] }) {
  const { report, openIncident } = useView();
  const top = [...found].sort((one, other) => other.score.total - one.score.total)[0];
  const levels = LEVELS.map((level) => [level, found.filter((one) => one.level === level).length] as const).filter(([, number]) => number);
  const of = (status: string) => report.assets.filter((one) => one.status === status).length;
  const domain = (name: string) => report.sources.filter((one) => one.domain.toLowerCase() === name).reduce((sum, one) => sum + one.events, 0);
  const unexplained = report.privileged.filter((one) => !one.explained).length;
  const gaps = [...report.iec62443, ...report.nistCsf].filter((one) => one.status === "gap").length;
  const fired = report.rules.filter((one) => one.detections).length;
  return (
    <section id="overview" aria-labelledby="overview-title" tabIndex={-1}>
      <h2 id="overview-title" class="hidden">Overview</h2>
      {top ? (
        <div class={`verdict ${top.level}`}>
          <p class="score" aria-label={`Score ${top.score.total} of 100`}>{top.score.total}<small>of 100</small></p>
          <div>
            <p class="over"><LevelMark level={top.level} /> The most serious of {counted(found.length, "incident")}</p>
            <p class="title"><button type="button" class="link" onClick={() => openIncident(top.id)}><bdi>{top.title}</bdi></button></p>
            <p>
              {top.hops.length > 0 ? <>It came from <strong><HostName name={top.hops[0]!.from} /></strong> over {counted(top.hops.length, "hop")} to <strong><HostName name={top.hops.at(-1)!.to} /></strong>. </> : top.gap ? <><bdi>{capital(top.gap)}</bdi>. </> : null}{top.onward && <>Then <strong><HostName name={top.onward.from} /></strong> did <bdi>{top.onward.what}</bdi> to <strong><HostName name={top.onward.to} /></strong>, which is not among the findings. </>}
              {top.reached.length > 0 && <>{counted(top.reached.length, "host")} in {counted(top.zones.length, "zone")} {top.reached.length === 1 ? "was" : "were"} reached{top.lowest !== null && <>, down to Purdue {purdue(top.lowest).toLowerCase()}</>}. </>}
              {top.next.length > 0 && <>{counted(top.next.length, "more host", "more hosts")} can be reached next.</>}
            </p>
          </div>
        </div>
      ) : <div class="verdict none"><div><p class="title">No incident in this period</p><p>{counted(report.read, "event")} were read.</p></div></div>}
      <dl class="figures">
        <div><dt>Incidents</dt><dd>{count(found.length)}</dd><dd class="note">{levels.map(([level, number]) => <span key={level} class="level"><Shape level={level} />{number} {level}</span>)}</dd></div>
        <div><dt>Events read</dt><dd>{count(report.read)}</dd><dd class="note">{count(domain("it"))} IT, {count(domain("ot"))} OT{report.broken > 0 && `, ${count(report.broken)} broken`}{report.late > 0 && `, ${count(report.late)} late`}</dd></div>
        <div><dt>Assets</dt><dd>{count(report.assets.length)}</dd><dd class="note">{["seen", "silent", "unknown", "changed"].map((status) => of(status) && `${count(of(status))} ${status}`).filter(Boolean).join(", ")}</dd></div>
        <div><dt>Rules that found something</dt><dd>{count(fired)}</dd><dd class="note">of {count(report.rules.length)}</dd></div>
        <div><dt>Unexplained operations</dt><dd>{count(unexplained)}</dd><dd class="note">of {counted(report.privileged.length, "privileged operation")}</dd></div>
        <div><dt>Gaps</dt><dd>{count(gaps)}</dd><dd class="note">in requirements, {counted(report.blindSpots.length, "blind spot")}</dd></div>
      </dl>
      {(report.riskByZone.length > 0 || report.riskByAsset.length > 0) && (
        <div class="pair risk">
          <Risk title="Risk by zone" all={report.riskByZone} />
          <Risk title="Risk by asset" all={report.riskByAsset} linked />
        </div>
      )}
    </section>
  );
}

function Risk({ title, all, linked }: { title: string; all: Named[]; linked?: boolean }) {
  const top = [...all].sort((one, other) => other.score - one.score).filter((one) => one.score > 0).slice(0, 8);
  if (!top.length) return null;
  const most = Math.max(...top.map((one) => one.score));
  return (
    <div>
      <h3>{title}</h3>
      <ol class="bars">{top.map((one) => <li key={one.name}><span>{linked ? <HostName name={one.name} /> : <bdi>{one.name}</bdi>}</span><Bar share={one.score / most} /><b>{count(Math.round(one.score))}</b></li>)}</ol>
    </div>
  );
}
