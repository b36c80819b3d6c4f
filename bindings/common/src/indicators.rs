//! Lists of indicators: read from files and texts, looked for by rules, and told as sightings.
//!
//! ```text
//!  feed.json  iocs.csv  folder/ ─▶ Lists ─▶ RulePack::with_indicators ─▶ detections with the indicators behind them
//!  detections ─▶ SightingBundle ─▶ {"type": "bundle", "objects": [{"type": "sighting", ...}]}
//! ```
//!
//! What lists mean is decided in `tieline`. Other lists may take the place of these at any time, without compiling rules.

use crate::load::LoadError;
use crate::waist::now;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tieline::{IndicatorSeen, Indicators};
use walkdir::WalkDir;
use xxhash_rust::xxh3::{Xxh3, xxh3_128};

/// Bytes of a list; one more is read, so that a longer one is refused with its own diagnostic.
const LIST_BYTES_MAX: u64 = 1 << 30;

/// Endings of files in a directory that are lists.
const ENDINGS: &[&str] = &["json", "stix", "csv", "tsv", "txt"];

/// Directories nested deeper than this are not entered.
const DIRECTORY_DEPTH_MAX: usize = 64;

/// Indicators that were read, and by what they are known again.
#[derive(Debug, Clone)]
pub struct Lists {
    indicators: Arc<Indicators>,
    hash: u128,
}

impl Lists {
    /// Reads lists that lie in memory, each with the name that diagnostics show. `at_ns`, nanoseconds since 1970, is the time
    /// that counts for events without one.
    #[must_use]
    pub fn of_texts(texts: impl IntoIterator<Item = (String, String)>, at_ns: Option<i64>) -> Self {
        let mut hash = Xxh3::new();
        let texts = texts.into_iter().inspect(|(name, text)| {
            hash.update(name.as_bytes());
            hash.update(text.as_bytes());
        });
        let indicators = Arc::new(Indicators::read(texts).at(at_ns));
        Self { indicators, hash: hash.digest128() ^ u128::from(at_ns.unwrap_or_default().unsigned_abs()) }
    }

    /// Reads the lists of files, and of directories with files that end in `.json`, `.stix`, `.csv`, `.tsv` or `.txt`.
    ///
    /// # Errors
    /// When a path does not exist or cannot be read, or a directory holds no list.
    pub fn read(paths: &[PathBuf], at_ns: Option<i64>) -> Result<Self, LoadError> {
        Ok(Self::of_texts(texts_of(paths)?, at_ns))
    }

    /// The same for paths and lists that lie in memory, as [`is_list_itself`] tells them apart.
    ///
    /// # Errors
    /// As for [`read`](Self::read).
    pub fn of_paths_and_texts(given: &[String], at_ns: Option<i64>) -> Result<Self, LoadError> {
        let mut texts = Vec::new();
        for (at, own) in given.iter().enumerate() {
            if is_list_itself(own) {
                texts.push((format!("indicators[{at}]"), own.clone()));
                continue;
            }
            texts.extend(texts_of(&[PathBuf::from(own)])?);
        }
        Ok(Self::of_texts(texts, at_ns))
    }

    /// The indicators.
    #[must_use]
    pub fn indicators(&self) -> &Arc<Indicators> {
        &self.indicators
    }

    /// Whether both were made of the same texts.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.hash == other.hash
    }
}

/// The files that [`Lists::read`] would open; paths that are not there stand for themselves.
pub(crate) fn list_files(paths: &[PathBuf]) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let walk = WalkDir::new(path).max_depth(DIRECTORY_DEPTH_MAX).sort_by_file_name();
        let is_list = |path: &PathBuf| {
            let ending = path.extension().and_then(|own| own.to_str()).unwrap_or_default();
            ENDINGS.iter().any(|own| own.eq_ignore_ascii_case(ending)) && path.is_file()
        };
        files.extend(walk.into_iter().flatten().map(walkdir::DirEntry::into_path).filter(is_list));
    }
    files
}

/// Names and texts of the lists that paths stand for.
fn texts_of(paths: &[PathBuf]) -> Result<Vec<(String, String)>, LoadError> {
    let mut texts = Vec::new();
    for path in paths {
        let files = list_files(std::slice::from_ref(path));
        if files.is_empty() {
            let message = format!("holds no lists; expected files ending in .{}", ENDINGS.join(", ."));
            return Err(LoadError::new(path, message));
        }
        for file in files {
            texts.push((file.display().to_string(), text_of(&file)?));
        }
    }
    Ok(texts)
}

fn text_of(path: &Path) -> Result<String, LoadError> {
    let fault = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => LoadError::new(path, "no such file or directory"),
        _ => LoadError::new(path, format!("cannot be read: {error}")),
    };
    let mut bytes = Vec::new();
    let length = fs::metadata(path).map_err(fault)?.len().min(LIST_BYTES_MAX);
    bytes.reserve_exact(usize::try_from(length).unwrap_or(0) + 1);
    File::open(path).and_then(|file| file.take(LIST_BYTES_MAX + 1).read_to_end(&mut bytes)).map_err(fault)?;
    String::from_utf8(bytes).map_err(|_| LoadError::new(path, "is not UTF-8 text; expected STIX, MISP or CSV"))
}

/// A moment that a caller names: `now`, or a date with or without a time of day, in UTC unless it says its zone. In
/// nanoseconds since 1970.
///
/// # Errors
/// When the text is no such moment.
pub fn moment(text: &str) -> Result<i64, String> {
    if text == "now" {
        return Ok(now());
    }
    let civil =
        || text.parse::<jiff::civil::DateTime>().ok()?.to_zoned(TimeZone::UTC).ok().map(|time| time.timestamp());
    let time = text.parse::<Timestamp>().ok().or_else(civil);
    let time = time.and_then(|time| i64::try_from(time.as_nanosecond()).ok());
    time.ok_or_else(|| format!("`{text}` is no time; write now, or one such as 2026-11-26T08:00:00Z"))
}

/// Whether a text is a list itself rather than the path of one: JSON, or more than one line.
#[must_use]
pub fn is_list_itself(text: &str) -> bool {
    text.contains('\n') || text.trim_start().starts_with(['{', '['])
}

/// What was seen of an indicator in a scan, for a bundle of STIX.
#[derive(Debug, Clone)]
struct Sighted {
    name: String,
    count: u64,
    first: Option<String>,
    last: Option<String>,
}

/// Sightings as a bundle of STIX 2.1: one object for each indicator that was seen, with how often and when.
#[derive(Debug, Default)]
pub struct SightingBundle {
    seen: BTreeMap<String, Sighted>,
}

impl SightingBundle {
    /// Counts an indicator that an event of this time, RFC 3339, holds.
    pub fn add(&mut self, seen: &IndicatorSeen, time: Option<&str>) {
        let time = time.and_then(|time| time.parse::<Timestamp>().ok()).map(|time| format!("{time:.3}"));
        let id = seen.indicator.id.clone();
        let name = seen.indicator.name.as_deref().unwrap_or(&seen.indicator.value).to_owned();
        let own = self.seen.entry(id).or_insert(Sighted { name, count: 0, first: None, last: None });
        own.count += 1;
        if let Some(time) = time {
            // Times of one form are in the order of their texts.
            if own.first.as_ref().is_none_or(|first| time < *first) {
                own.first = Some(time.clone());
            }
            if own.last.as_ref().is_none_or(|last| time > *last) {
                own.last = Some(time);
            }
        }
    }

    /// How many indicators were seen.
    #[must_use]
    pub fn len(&self) -> usize {
        self.seen.len()
    }

    /// Whether none was.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.seen.is_empty()
    }

    /// The bundle, made at this time, in nanoseconds since 1970. Indicators whose id is none of STIX are named in the description; the same
    /// sightings have the same ids.
    #[must_use]
    pub fn to_json(&self, now_ns: i64) -> Value {
        let now = Timestamp::from_nanosecond(now_ns.into()).map_or_else(|_| String::new(), |now| format!("{now:.3}"));
        let objects: Vec<Value> = self.seen.iter().map(|(id, seen)| object(id, seen, &now)).collect();
        let all = serde_json::to_vec(&objects).unwrap_or_default();
        json!({"type": "bundle", "id": format!("bundle--{}", uuid(&all)), "objects": objects})
    }
}

fn object(id: &str, seen: &Sighted, now: &str) -> Value {
    let key = format!("{id} {} {:?} {:?}", seen.count, seen.first, seen.last);
    let is_of_stix = id.strip_prefix("indicator--").is_some_and(|rest| rest.len() == 36);
    // A sighting must refer to something; an indicator of another list gets an id that always is the same.
    let of = if is_of_stix { id.to_owned() } else { format!("indicator--{}", uuid(id.as_bytes())) };
    let mut object = json!({
        "type": "sighting",
        "spec_version": "2.1",
        "id": format!("sighting--{}", uuid(key.as_bytes())),
        "created": now,
        "modified": now,
        "sighting_of_ref": of,
        "count": seen.count.min(999_999_999),
    });
    if let Some(members) = object.as_object_mut() {
        if !is_of_stix {
            members.insert("description".to_owned(), format!("{} ({id})", seen.name).into());
        }
        for (name, time) in [("first_seen", &seen.first), ("last_seen", &seen.last)] {
            if let Some(time) = time {
                members.insert(name.to_owned(), time.clone().into());
            }
        }
    }
    object
}

/// A UUID of the form 8, which leaves open how it was made: here of a text.
fn uuid(text: &[u8]) -> String {
    let bits = xxh3_128(text);
    let bits = bits & !(0xf << 76) & !(0x3 << 62) | 0x8 << 76 | 0x2 << 62;
    let hex = format!("{bits:032x}");
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    format!("{}-{}-{}-{}-{}", part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sightings_are_counted_by_indicator() {
        let list = "value,id\n198.51.100.7,indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\nevil.example,\n";
        let lists = Lists::of_texts([("list".to_owned(), list.to_owned())], None);
        let mut bundle = SightingBundle::default();
        let seen = |at: usize| IndicatorSeen {
            indicator: lists.indicators().iter().nth(at).unwrap().clone(),
            field: "dst".to_owned(),
            seen: "x".to_owned(),
        };
        bundle.add(&seen(0), Some("2026-11-26T09:00:00+01:00"));
        bundle.add(&seen(0), Some("2026-11-26T07:00:00Z"));
        bundle.add(&seen(1), None);
        let json = bundle.to_json(1_795_687_200_000_000_000);
        let objects = json["objects"].as_array().unwrap();
        assert_eq!(objects.len(), 2);
        let own = objects.iter().find(|own| own["count"] == 2).unwrap();
        assert_eq!(own["sighting_of_ref"], "indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f");
        assert_eq!(
            (&own["first_seen"], &own["last_seen"]),
            (&json!("2026-11-26T07:00:00.000Z"), &json!("2026-11-26T08:00:00.000Z"))
        );
        let other = objects.iter().find(|own| own["count"] == 1).unwrap();
        assert_eq!(other["description"], "evil.example (evil.example)");
        let id = other["sighting_of_ref"].as_str().unwrap().strip_prefix("indicator--").unwrap();
        assert_eq!((id.len(), &id[14..15], id.contains("--")), (36, "8", false));
        assert_eq!(json, bundle.to_json(1_795_687_200_000_000_000));
    }

    #[test]
    fn lists_are_read_from_files_and_folders() {
        let room = tempfile::tempdir().unwrap();
        let path = |name: &str| room.path().join(name);
        fs::create_dir(path("feeds")).unwrap();
        fs::write(path("feeds/a.csv"), "value\nevil.example\n").unwrap();
        fs::write(path("feeds/b.txt"), "198.51.100.7\n").unwrap();
        fs::write(path("feeds/readme.md"), "# no list").unwrap();
        let lists = Lists::read(&[path("feeds"), path("feeds/a.csv")], None).unwrap();
        assert_eq!(lists.indicators().len(), 2);
        assert!(lists.is_same(&Lists::read(&[path("feeds"), path("feeds/a.csv")], None).unwrap()));
        assert!(!lists.is_same(&Lists::read(&[path("feeds/a.csv")], None).unwrap()));
        fs::create_dir(path("empty")).unwrap();
        fs::write(path("latin1.csv"), b"value\n\xe9vil.example").unwrap();
        for (name, expected) in [("gone", "no such file"), ("empty", "holds no lists"), ("latin1.csv", "is not UTF-8")]
        {
            let error = Lists::read(&[path(name)], None).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
        assert_eq!(moment("2026-11-26"), moment("2026-11-26T01:00:00+01:00"));
        assert!(moment("now").is_ok() && moment("soon").is_err());
        assert!(is_list_itself("{}") && is_list_itself("value\na.example") && !is_list_itself("feeds/a.csv"));
    }
}
