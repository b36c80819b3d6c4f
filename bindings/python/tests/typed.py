"""What type checkers must understand; it is checked, not run."""

import datetime

import polars
import tieline

rules: tieline.Rules = tieline.compile({"a.yml": "title: x"}, source="windows", strict=False)
found: tieline.Detections = rules.scan([{"a": 1}, b"{}"], level="high", evidence=True)
by_table: tieline.Detections = rules.scan(polars.DataFrame({"a": [1]}), threads=0)
titles: list[str] = [own.rule_title for own in found]
code: str = tieline.check("")[0].code
line: int = tieline.check("")[0].line
with rules.stream(lateness=datetime.timedelta(minutes=5), alerts="once") as stream:
    groups: list[dict[str, str | None]] = [alert.group for alert in stream.push({}).alerts]
records: list[dict[str, object]] = list(tieline.Normaliser(taxonomy=["tables"]).records(b"{}"))
discovery = tieline.Discovery("plant.yml", taxonomy=["tables"])
roles: list[str | None] = [asset.role for asset in discovery.assets()]
changes: list[str | None] = [own.now for own in discovery.compare(["plant.yml"])]
trust = tieline.Trust(["plant.yml"], lateness=datetime.timedelta(minutes=5))
users: list[str | None] = [seen.user for judged in trust.take() for seen in judged.sessions]
incidents = tieline.Incidents(rules, ["plant.yml"], quiet=datetime.timedelta(hours=8), level="high")
incidents.add({"time": datetime.datetime.now(), "rule": "edr-17"})
ways: list[tuple[str, str | None]] = [(hop.from_, hop.account) for own in incidents.incidents() for hop in own.path.hops]
total: int = incidents.incidents()[0].score.total
whys: list[str] = [term.why for own in incidents.incidents() for term in own.score.likelihood_terms]
svg: str = incidents.incidents()[0].to_svg()
into: list[str | None] = [own.into for own in incidents.take_changes()]
proposal: str = tieline.Learner().proposal()
for own in rules.scan_files("logs", follow=True, progress=False):
    name: str = own.rule_title
