//! Makes the calls of a case on the waist. `bindings/parity/README.md` says what they are.

use serde_json::{Value, json};
use std::sync::Arc;
use tieline::diagnostic::Diagnostic;
use tieline::stream::{Alert, Restored};
use tieline_common::waist::{
    AlertRecord, CompileOptions, DetectionRecord, Discovery, Error, Incidents, Learner, Normaliser, Pushed, Report,
    RuleSet, Scan, ScanOptions, Stream, StreamSettings, Taken, Trust, check,
};

/// What the steps of a case share.
#[derive(Default)]
struct Held {
    rules: Option<Arc<RuleSet>>,
    stream: Option<Stream>,
    normaliser: Option<Normaliser>,
    learns: Option<Learns>,
    /// The last document, as JSON.
    document: String,
    saved: Vec<u8>,
}

/// What learns from events.
#[expect(clippy::large_enum_variant, reason = "there is one for each case")]
enum Learns {
    Discovery(Discovery),
    Trust(Trust),
    Learner(Learner),
    Incidents(Incidents),
    Report(Report),
}

impl Learns {
    fn push(&self, event: &[u8], at: Option<&str>) -> Result<(), Error> {
        match self {
            Self::Discovery(own) => own.push(event),
            Self::Trust(own) => own.push(event, at),
            Self::Learner(own) => own.push(event),
            Self::Incidents(own) => own.push(event, at),
            Self::Report(own) => own.push(event, at),
        }
    }

    fn push_lines(&self, text: &[u8], name: Option<&str>) -> Result<Taken, Error> {
        match self {
            Self::Discovery(own) => own.push_lines(text),
            Self::Trust(own) => own.push_lines(text, name),
            Self::Learner(own) => own.push_lines(text),
            Self::Incidents(own) => own.push_lines(text, name),
            Self::Report(own) => own.push_lines(text, name),
        }
    }

    fn push_events(&self, events: &[&[u8]]) -> Result<Taken, Error> {
        match self {
            Self::Discovery(own) => own.push_events(events),
            Self::Trust(own) => own.push_events(events),
            Self::Learner(own) => own.push_events(events),
            Self::Incidents(own) => own.push_events(events),
            Self::Report(own) => own.push_events(events),
        }
    }
}

/// Runs a case and says what is wrong; writes the answers into it instead when they are to be written.
pub(crate) fn run(case: &mut Value, update: bool) -> Vec<String> {
    let mut held = Held::default();
    let mut wrong = Vec::new();
    for step in case["steps"].as_array_mut().unwrap() {
        let (key, own) = match held.run(step) {
            Ok(answer) => ("answer", answer),
            Err(error) => ("error", shown(&error)),
        };
        let own = without_wide(own);
        let step = step.as_object_mut().unwrap();
        if update {
            step.remove("answer");
            step.remove("error");
            step.insert(key.to_owned(), own);
        } else if step.get(key) != Some(&own) {
            wrong.push(format!("{}: {key} is {own}", Value::Object(step.clone())));
        }
    }
    wrong
}

/// Numbers under names that end in `_ns` as text.
fn without_wide(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let member = |(name, value): (String, Value)| {
                let value = if name.ends_with("_ns") && value.is_number() { json!(value.to_string()) } else { value };
                (name, without_wide(value))
            };
            Value::Object(members.into_iter().map(member).collect())
        }
        Value::Array(members) => Value::Array(members.into_iter().map(without_wide).collect()),
        other => other,
    }
}

fn shown(error: &Error) -> Value {
    let mut shown = json!({"code": error.kind().code()});
    if !error.diagnostics().is_empty() {
        shown["diagnostics"] = error.diagnostics().iter().map(place).collect();
    }
    if let Some(byte) = error.byte() {
        shown["byte"] = json!(byte);
    }
    shown
}

/// A diagnostic in short.
fn place(told: &Diagnostic) -> Value {
    json!(format!("{} {}:{}", told.code, told.line, told.column))
}

fn options<T: Default + serde::Serialize + serde::de::DeserializeOwned>(step: &Value, name: &str) -> Result<T, Error> {
    step.get(name).map_or(Ok(T::default()), |own| tieline_common::waist::from_json(&own.to_string()))
}

fn texts(step: &Value) -> Vec<(String, String)> {
    serde_json::from_value(step["texts"].clone()).unwrap()
}

fn bytes(step: &Value) -> Vec<u8> {
    // Pairs of hexadecimal digits, which every language reads with its own means.
    let hex = step["hex"].as_str().unwrap();
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

fn restored(restored: &Restored) -> Value {
    json!({"kept": restored.kept, "dropped": restored.dropped})
}

fn detections(rules: &RuleSet, scan: &Scan) -> Value {
    let record = |(at, hit)| json!(DetectionRecord::new(rules, hit, scan.evidence.get(at)).unwrap());
    scan.hits.iter().enumerate().map(record).collect()
}

fn scanned(rules: &RuleSet, scan: &Scan) -> Value {
    json!({"events": scan.events, "detections": detections(rules, scan), "faults": scan.faults})
}

fn alerts(alerts: &[Alert]) -> Value {
    alerts.iter().map(|alert| json!(AlertRecord::new(alert))).collect()
}

impl Held {
    fn run(&mut self, step: &Value) -> Result<Value, Error> {
        let text = |name: &str| step[name].as_str().unwrap();
        let asked = || options::<ScanOptions>(step, "options");
        let made = || options::<CompileOptions>(step, "options");
        match text("do") {
            "compile" => {
                self.rules = None;
                let rules = RuleSet::compile(texts(step), &made()?)?;
                let mut answer = counts(&rules);
                answer["diagnostics"] = rules.diagnostics().map(place).collect();
                self.rules = Some(Arc::new(rules));
                Ok(answer)
            }
            "in_context" => {
                let names: Vec<String> = serde_json::from_value(step["context"].clone()).unwrap();
                let rules = self.rules().in_context(&names)?;
                let mut answer = counts(&rules);
                answer["diagnostics"] = rules.diagnostics().map(place).collect();
                self.rules = Some(Arc::new(rules));
                Ok(answer)
            }
            "check" => Ok(check(texts(step), &made()?)?.iter().map(place).collect()),
            "again" => self.load(&self.rules().to_bytes()),
            "from_bytes" => self.load(&bytes(step)),
            "scan" => {
                let scan = self.rules().scan(text("event").as_bytes(), &asked()?)?;
                Ok(detections(self.rules(), &scan))
            }
            "scan_lines" => {
                let scan = self.rules().scan_lines(text("text").as_bytes(), &asked()?)?;
                Ok(scanned(self.rules(), &scan))
            }
            "scan_events" => {
                let events: Vec<&[u8]> =
                    step["events"].as_array().unwrap().iter().map(|event| event.as_str().unwrap().as_bytes()).collect();
                let scan = self.rules().scan_events(&events, &asked()?)?;
                Ok(scanned(self.rules(), &scan))
            }
            "indicators" => {
                let lists: Vec<String> = serde_json::from_value(step["lists"].clone()).unwrap();
                let rules = self.rules().with_indicators(&lists)?;
                let answer = counts(&rules);
                self.rules = Some(Arc::new(rules));
                Ok(answer)
            }
            "explain" => Ok(json!(self.rules().explain(text("rule"), text("event").as_bytes())?)),
            "normaliser" => {
                self.normaliser = Some(Normaliser::new(&options(step, "options")?)?);
                Ok(Value::Null)
            }
            "records" => Ok(json!(self.normaliser.as_ref().unwrap().records(text("event").as_bytes())?)),
            name => match self.learn(name, step) {
                Some(answer) => answer,
                None => self.over_time(step),
            },
        }
    }

    /// Steps of what learns from events; `None` when it is none.
    fn learn(&mut self, name: &str, step: &Value) -> Option<Result<Value, Error>> {
        let made = match name {
            "discovery" => options(step, "options").and_then(|own| Discovery::new(&own)).map(Learns::Discovery),
            "trust" => options(step, "options").and_then(|own| Trust::new(&own)).map(Learns::Trust),
            "learner" => options(step, "options").and_then(|own| Learner::new(&own)).map(Learns::Learner),
            "incidents" => {
                options(step, "options").and_then(|own| Incidents::new(self.rules(), &own)).map(Learns::Incidents)
            }
            "report" => options(step, "options").and_then(|own| Report::new(self.rules(), &own)).map(Learns::Report),
            _ => return self.of_learned(name, step),
        };
        Some(made.map(|own| {
            self.learns = Some(own);
            Value::Null
        }))
    }

    fn of_learned(&mut self, name: &str, step: &Value) -> Option<Result<Value, Error>> {
        use Learns::{Discovery, Incidents, Learner, Report, Trust};
        let text = |name: &str| step.get(name).and_then(Value::as_str);
        let names = || -> Vec<String> {
            step.get("context").map(|own| serde_json::from_value(own.clone()).unwrap()).unwrap_or_default()
        };
        let learns = self.learns.as_ref()?;
        let nothing = |done: Result<(), Error>| done.map(|()| Value::Null);
        Some(match (name, learns) {
            ("learn", own) => nothing(own.push(text("event").unwrap().as_bytes(), text("at"))),
            ("learn_lines", own) => {
                own.push_lines(text("text").unwrap().as_bytes(), text("name")).map(|own| json!(own))
            }
            ("learn_events", own) => {
                let events = step["events"].as_array().unwrap().iter().map(|event| event.as_str().unwrap().as_bytes());
                own.push_events(&events.collect::<Vec<_>>()).map(|own| json!(own))
            }
            ("assets", Discovery(own)) => own.assets().map(|own| json!(own)),
            ("compare", Discovery(own)) => own.compare(&names()).map(|own| json!(own)),
            ("inventory", Discovery(own)) => own.inventory(text("form").unwrap()).map(|own| json!(own)),
            ("advance_to", Trust(own)) => nothing(own.advance(text("time_ns").unwrap().parse().unwrap())),
            ("finish", Trust(own)) => nothing(own.finish()),
            ("advance_to", Incidents(own)) => nothing(own.advance(text("time_ns").unwrap().parse().unwrap())),
            ("finish", Incidents(own)) => nothing(own.finish()),
            ("add", Incidents(own)) => nothing(own.add(text("finding").unwrap().as_bytes())),
            ("told", Incidents(own)) => own.incidents().map(|own| json!(own)),
            ("save_learned", Incidents(own)) => nothing(own.snapshot().map(|bytes| self.saved = bytes)),
            ("other_rules", Incidents(own)) => options(step, "options")
                .and_then(|own| RuleSet::compile(texts(step), &own))
                .and_then(|rules| own.reload(&rules, &names()))
                .map(|own| restored(&own)),
            ("export", Incidents(own)) => own.export(text("form").unwrap(), text("id")).map(|own| json!(own)),
            ("document", Report(own)) => {
                let last = text("since") == Some("last");
                let since = if last { Some(self.document.as_bytes()) } else { text("since").map(str::as_bytes) };
                own.finish(since).and_then(|()| own.json()).and_then(|json| {
                    self.document = json;
                    own.document()
                })
            }
            ("markdown", Report(own)) => own.markdown().map(|own| json!(own)),
            ("html", Report(own)) => own.html().map(|own| json!(own.get(..15))),
            ("changes", Incidents(own)) => own.take_changes().map(|own| json!(own)),
            ("take", Trust(own)) => own.take().map(|own| json!(own)),
            ("proposal", Learner(own)) => own.proposal().map(|own| json!(own)),
            ("learned", Discovery(own)) => own.stats().map(|own| json!(own)),
            ("learned", Trust(own)) => own.stats().map(|own| json!(own)),
            ("learned", Incidents(own)) => own.stats().map(|own| json!(own)),
            ("learned", Learner(own)) => own.given_up().map(|own| json!(own)),
            ("save_learned", Discovery(own)) => nothing(own.snapshot().map(|bytes| self.saved = bytes)),
            ("save_learned", Trust(own)) => nothing(own.snapshot().map(|bytes| self.saved = bytes)),
            ("restore_learned", own) => {
                let saved = if step.get("hex").is_some() { bytes(step) } else { self.saved.clone() };
                match own {
                    Discovery(own) => nothing(own.restore(&saved)),
                    Trust(own) => nothing(own.restore(&saved)),
                    Incidents(own) => own.restore(&saved).map(|own| restored(&own)),
                    Learner(_) | Report(_) => panic!("it is not saved"),
                }
            }
            ("other_plant", Trust(own)) => nothing(own.reload(&names())),
            ("other_plant", Discovery(own)) => nothing(own.reload(&names())),
            _ => return None,
        })
    }

    fn over_time(&mut self, step: &Value) -> Result<Value, Error> {
        let text = |name: &str| step[name].as_str().unwrap();
        let time = || step.get("time_ns").and_then(Value::as_str).map(|time| time.parse().unwrap());
        if text("do") == "stream" {
            let settings = options::<StreamSettings>(step, "settings")?;
            let stream = Stream::new(Arc::clone(self.rules()), &settings, &options(step, "options")?)?;
            self.stream = Some(stream);
            return Ok(Value::Null);
        }
        let stream = self.stream.as_ref().unwrap();
        match text("do") {
            "push" => {
                let pushed = stream.push(text("event").as_bytes(), time())?;
                Ok(of_pushed(&*stream.rules()?, &pushed))
            }
            "push_lines" => {
                let pushed = stream.push_lines(text("text").as_bytes())?;
                let mut answer = of_pushed(&*stream.rules()?, &pushed);
                answer["events"] = json!(pushed.scan.events);
                answer["faults"] = json!(pushed.scan.faults);
                Ok(answer)
            }
            "advance" => Ok(json!({"alerts": alerts(&stream.advance(time().unwrap())?)})),
            "flush" => Ok(json!({"alerts": alerts(&stream.flush()?)})),
            "stats" => Ok(json!(stream.stats()?)),
            "save" => {
                self.saved = stream.snapshot()?;
                Ok(Value::Null)
            }
            "restore" => Ok(restored(&stream.restore(&self.saved)?)),
            "restore_bytes" => Ok(restored(&stream.restore(&bytes(step))?)),
            "reload" => {
                let rules = RuleSet::compile(texts(step), &options(step, "options")?)?;
                Ok(restored(&stream.reload(Arc::new(rules))?))
            }
            "close" => stream.close().map(|()| Value::Null),
            other => panic!("there is no step `{other}`"),
        }
    }

    fn rules(&self) -> &Arc<RuleSet> {
        self.rules.as_ref().unwrap()
    }

    fn load(&mut self, bytes: &[u8]) -> Result<Value, Error> {
        let rules = RuleSet::from_bytes(bytes)?;
        let answer = counts(&rules);
        self.rules = Some(Arc::new(rules));
        Ok(answer)
    }
}

fn counts(rules: &RuleSet) -> Value {
    json!({"rules": rules.rules().len(), "correlations": rules.rules().correlations().len()})
}

fn of_pushed(rules: &RuleSet, pushed: &Pushed) -> Value {
    json!({
        "detections": detections(rules, &pushed.scan),
        "alerts": alerts(&pushed.alerts),
        "not_counted": pushed.not_counted,
        "untimed": pushed.untimed,
    })
}
