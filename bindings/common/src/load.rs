//! Collects rule files and compiles them.
//!
//! ```text
//!  rules/  extra.yml  ─▶  RulePack: texts in one fixed order  ─▶  Compiler  ─▶  Rules for each source
//!  pack.tieline       ─▶  Rules, compiled earlier
//! ```
//!
//! Directories are walked to their end in the order of their names. A file in a directory that cannot be read
//! becomes a diagnostic, and the others load; a path that was named and cannot be read is an error. What the
//! texts mean is not known here.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::indicators::Lists;
use tieline::diagnostic::{Code, Diagnostic, Source};
use tieline::{Compiler, Limits, Rules, TimeOptions};
use walkdir::{DirEntry, WalkDir};

/// Directories nested deeper than this are not entered.
const DIRECTORY_DEPTH_MAX: usize = 256;

/// Bytes of a file of saved rules.
const SAVED_BYTES_MAX: u64 = 4 << 30;

/// What saved rules begin with.
const SAVED_MAGIC: &[u8] = b"TIELINE\0";

/// How rules are compiled, apart from pipelines.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RuleOptions {
    /// Lists that stand for `%name%` in values under `expand`.
    pub placeholders: Vec<(String, Vec<String>)>,
    /// How time modifiers read times.
    pub time: TimeOptions,
    /// Warnings that are switched off.
    pub allow: Vec<Code>,
    /// Tables of OT protocols in place of the shipped ones; those, when there are none.
    pub taxonomy: Vec<PipelineText>,
    /// Tables of fields in which indicators are looked for, beside the shipped one.
    pub indicator_fields: Vec<PipelineText>,
    /// The plant that events are seen in: paths or texts, as [`read_context`](crate::context::read_context) takes them.
    pub context: Vec<String>,
}

/// A processing pipeline as text, with the name that messages show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PipelineText {
    /// A shipped pipeline's name, or a path.
    pub name: String,
    /// YAML.
    pub yaml: String,
}

impl PipelineText {
    /// Name and text, as the compiler takes them.
    pub(crate) fn named(&self) -> (Option<&str>, &str) {
        (Some(&self.name), &self.yaml)
    }
}

/// Rule files that were read and not compiled yet, or rules that were compiled earlier and saved.
#[derive(Debug, Clone, Default)]
pub struct RulePack {
    files: Vec<Source>,
    diagnostics: Vec<Diagnostic>,
    passed_over: usize,
    saved: Option<Rules>,
    indicators: Option<Lists>,
}

/// Why rules or pipelines cannot be loaded at all.
#[derive(Debug)]
pub struct LoadError {
    path: PathBuf,
    message: String,
}

impl LoadError {
    pub(crate) fn new(path: &Path, message: impl Into<String>) -> Self {
        Self { path: path.to_path_buf(), message: message.into() }
    }

    /// The path or name it is about.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path.as_os_str().is_empty() {
            true => f.write_str(&self.message),
            false => write!(f, "`{}`: {}", self.path.display(), self.message),
        }
    }
}

impl std::error::Error for LoadError {}

impl RulePack {
    /// Reads the rule files that `paths` stand for. A file that is met twice is read once.
    ///
    /// In a directory, files ending in `.yml` or `.yaml` are rules, unless they hold a processing pipeline, a table or a
    /// plant; hidden files are passed over. A file that is named is always taken. One file of saved rules may stand
    /// in place of all.
    ///
    /// # Errors
    /// When there is no path, a path does not exist or cannot be read, a directory holds no rules, or saved rules are damaged
    /// or not alone.
    pub fn read(paths: &[PathBuf]) -> Result<Self, LoadError> {
        if paths.is_empty() {
            return Err(LoadError::new(Path::new(""), "no path is given; name a file or a directory with rules"));
        }
        let mut pack = Self::default();
        let mut seen = HashSet::new();
        for path in paths {
            let metadata = fs::metadata(path).map_err(|error| LoadError::new(path, opening(&error)))?;
            if metadata.is_dir() {
                pack.read_directory(path, &mut seen)?;
            } else if is_saved(path) {
                if paths.len() > 1 {
                    let message = "saved rules cannot be joined with others; name them alone, or compile all together";
                    return Err(LoadError::new(path, message));
                }
                pack.saved = Some(read_saved(path)?);
            } else {
                if looks_like_events(path) {
                    return Err(LoadError::new(path, "is an event file by its name; expected rules in YAML"));
                }
                pack.add(path, &mut seen).map_err(|error| LoadError::new(path, opening(&error)))?;
            }
        }
        Ok(pack)
    }

    /// A pack of texts that were read elsewhere, each with the name that diagnostics show.
    #[must_use]
    pub fn from_texts(texts: impl IntoIterator<Item = (String, String)>) -> Self {
        let files = texts.into_iter().map(|(path, text)| Source::new(Some(&path), text)).collect();
        Self { files, ..Self::default() }
    }

    /// A pack of rules that were compiled earlier.
    #[must_use]
    pub fn of_saved(rules: Rules) -> Self {
        Self { saved: Some(rules), ..Self::default() }
    }

    fn read_directory(&mut self, directory: &Path, seen: &mut HashSet<PathBuf>) -> Result<(), LoadError> {
        let before = self.files.len() + self.diagnostics.len();
        let visible = |entry: &DirEntry| entry.depth() == 0 || !is_hidden(entry.path());
        let walk = WalkDir::new(directory).max_depth(DIRECTORY_DEPTH_MAX).sort_by_file_name();
        for entry in walk.into_iter().filter_entry(visible) {
            match entry {
                Ok(entry) if has_extension(entry.path(), &["yml", "yaml"]) && entry.path().is_file() => {
                    if let Err(error) = self.add_walked(entry.path(), seen) {
                        self.tell_unreadable(entry.path(), &opening(&error));
                    }
                }
                Ok(_) => {}
                Err(error) if error.depth() == 0 => {
                    return Err(LoadError::new(directory, format!("cannot be listed: {error}")));
                }
                Err(error) => {
                    let path = error.path().unwrap_or(directory).to_path_buf();
                    let reason =
                        error.into_io_error().map_or_else(|| "a loop of links".to_owned(), |error| error.to_string());
                    self.tell_unreadable(&path, &format!("cannot be listed: {reason}"));
                }
            }
        }
        if self.files.len() + self.diagnostics.len() == before && seen.is_empty() {
            return Err(LoadError::new(directory, "holds no rules; expected files ending in .yml or .yaml"));
        }
        Ok(())
    }

    /// Adds what was found wrong in the plant, in place of what was said of the one before.
    pub(crate) fn tell_context(&mut self, found: &[Diagnostic]) {
        self.diagnostics.retain(|told| !matches!(told.code, Code::ContextSyntax | Code::ContextContradiction));
        self.diagnostics.extend_from_slice(found);
    }

    fn tell_unreadable(&mut self, path: &Path, reason: &str) {
        let name = path.display().to_string();
        self.diagnostics.push(Diagnostic::without_place(Code::UnreadableFile, Some(&name), reason));
    }

    fn add_walked(&mut self, path: &Path, seen: &mut HashSet<PathBuf>) -> io::Result<()> {
        let before = self.files.len();
        self.add(path, seen)?;
        if self.files.get(before).is_some_and(|file| is_pipeline(file.text()) || is_table(file.text())) {
            self.files.truncate(before);
            self.passed_over += 1;
        }
        Ok(())
    }

    fn add(&mut self, path: &Path, seen: &mut HashSet<PathBuf>) -> io::Result<()> {
        if !seen.insert(fs::canonicalize(path)?) {
            return Ok(());
        }
        let name = path.display().to_string();
        let mut bytes = Vec::new();
        // One byte over the limit is enough for the file to be refused with its own diagnostic.
        let limit = Limits::DEFAULT.yaml_bytes_max as u64 + 1;
        File::open(path)?.take(limit).read_to_end(&mut bytes)?;
        match String::from_utf8(bytes) {
            Ok(text) => self.files.push(Source::new(Some(&name), text)),
            Err(error) => self.diagnostics.push(not_utf8(&name, error.as_bytes(), error.utf8_error().valid_up_to())),
        }
        Ok(())
    }

    /// Adds the shipped rules whose ids no text of the pack has, for references that lead nowhere else.
    pub(crate) fn add_shipped(&mut self) {
        let ids = |text: &str| -> Vec<String> {
            text.lines().filter_map(|line| line.strip_prefix("id:")).map(|id| id.trim().to_owned()).collect()
        };
        let known: HashSet<String> = self.files.iter().flat_map(|file| ids(file.text())).collect();
        for (pack, rules) in tieline_rules::packs() {
            let missing = rules.iter().filter(|(_, text)| !ids(text).iter().any(|id| known.contains(id)));
            let source = |(name, text): &(&str, &str)| Source::new(Some(&format!("shipped {pack}/{name}")), *text);
            self.files.extend(missing.map(source));
        }
    }

    /// A compiler with the rules and options, to which pipelines may still be added.
    #[must_use]
    pub fn compiler(&self, options: &RuleOptions) -> Compiler {
        let mut compiler = Compiler::new().time(options.time.clone());
        for file in &self.files {
            compiler = compiler.source(file.clone());
        }
        for (name, values) in &options.placeholders {
            compiler = compiler.placeholder(name, values.iter().map(String::as_str));
        }
        for code in &options.allow {
            compiler = compiler.allow(*code);
        }
        compiler = compiler.indicator_fields(Some("indicators/fields.yml"), tieline_rules::indicator_fields());
        for table in &options.indicator_fields {
            compiler = compiler.indicator_fields(Some(&table.name), table.yaml.as_str());
        }
        with_taxonomy(compiler, &options.taxonomy)
    }

    /// The same pack with these indicators in place of those before, and with the shipped rules about indicators, unless it
    /// has them already.
    ///
    /// # Errors
    /// When the rules were saved and do not ask for indicators.
    pub fn with_indicators(mut self, lists: Lists) -> Result<Self, LoadError> {
        if let Some(rules) = &self.saved {
            if !rules.asks_indicators() {
                let message =
                    "was saved without rules about indicators; name the rules themselves, or save them with indicators";
                return Err(LoadError::new(Path::new("saved rules"), message));
            }
        } else {
            for (name, yaml) in tieline_rules::indicator_rules() {
                let id = yaml.lines().find(|line| line.starts_with("id:")).unwrap_or(yaml);
                if !self.files.iter().any(|file| file.text().contains(id)) {
                    self.files.push(Source::new(Some(name), *yaml));
                }
            }
        }
        Ok(self.exchange_indicators(lists))
    }

    /// The same rules with these indicators in place of those before.
    #[must_use]
    pub(crate) fn exchange_indicators(mut self, lists: Lists) -> Self {
        if let Some(before) = self.indicators.replace(lists) {
            let told = before.indicators().diagnostics();
            self.diagnostics.retain(|own| !told.contains(own));
        }
        self.diagnostics.extend(self.indicators.iter().flat_map(|lists| lists.indicators().diagnostics()).cloned());
        self
    }

    /// The indicators that are looked for.
    #[must_use]
    pub fn indicators(&self) -> Option<&Lists> {
        self.indicators.as_ref()
    }

    /// The rules that were compiled earlier and saved, when the pack is such.
    #[must_use]
    pub fn saved(&self) -> Option<&Rules> {
        self.saved.as_ref()
    }

    /// What was found wrong while files were read; compiling finds the rest.
    #[must_use]
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// The files that were read, in the order in which they are compiled.
    pub fn paths(&self) -> impl ExactSizeIterator<Item = &str> {
        self.files.iter().map(|file| file.name().unwrap_or_default())
    }

    /// The files with their texts.
    pub(crate) fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().map(|file| (file.name().unwrap_or_default(), file.text()))
    }

    /// How many files in directories were passed over because they hold a processing pipeline.
    #[must_use]
    pub fn passed_over(&self) -> usize {
        self.passed_over
    }

    /// Whether these are rules that were compiled earlier and saved.
    #[must_use]
    pub fn is_saved(&self) -> bool {
        self.saved.is_some()
    }
}

/// The files that [`RulePack::read`] would open, pipelines among them; paths that are not there stand for themselves.
pub(crate) fn rule_files(paths: &[PathBuf]) -> Vec<PathBuf> {
    files_below(paths, &["yml", "yaml"])
}

/// The same for files with any of these endings.
pub(crate) fn files_below(paths: &[PathBuf], endings: &[&str]) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let visible = |entry: &DirEntry| entry.depth() == 0 || !is_hidden(entry.path());
        let walk = WalkDir::new(path).max_depth(DIRECTORY_DEPTH_MAX).sort_by_file_name();
        let entries = walk.into_iter().filter_entry(visible).flatten().map(DirEntry::into_path);
        files.extend(entries.filter(|path| has_extension(path, endings)));
    }
    files
}

/// A compiler that knows these tables of OT protocols; the shipped ones, when there are none.
#[must_use]
pub fn with_taxonomy(compiler: Compiler, texts: &[PipelineText]) -> Compiler {
    if texts.is_empty() {
        return tieline_rules::protocols()
            .fold(compiler, |compiler, (name, yaml)| compiler.protocols(Some(name), yaml));
    }
    texts.iter().fold(compiler, |compiler, text| compiler.protocols(Some(&text.name), text.yaml.as_str()))
}

/// The same with the shipped table of logons.
#[must_use]
pub fn with_logons(compiler: Compiler, texts: &[PipelineText]) -> Compiler {
    with_taxonomy(compiler, texts).protocols(Some("logons"), tieline_rules::logons())
}

/// The same with the tables by which incidents are joined.
#[must_use]
pub fn with_entities(compiler: Compiler, texts: &[PipelineText]) -> Compiler {
    with_logons(compiler, texts).entity_fields(Some("incidents/entities.yml"), tieline_rules::entity_fields())
}

/// Reads tables of OT protocols: files, or all YAML files of directories.
///
/// # Errors
/// When a path does not exist, cannot be read, or is not UTF-8 text, and when there are no tables at all.
pub fn read_taxonomy(paths: &[PathBuf]) -> Result<Vec<PipelineText>, LoadError> {
    let mut texts = Vec::new();
    for path in rule_files(paths) {
        let text = read_pipeline(&path)?;
        // Beside the tables of a pack stand its rules.
        if paths.contains(&path) || is_table(&text.yaml) {
            texts.push(text);
        }
    }
    match (paths, &*texts) {
        // Else the shipped tables would be taken.
        ([first, ..], []) => {
            Err(LoadError::new(first, "holds no tables of OT protocols; expected files with `protocol:`"))
        }
        _ => Ok(texts),
    }
}

/// Tables of OT protocols as options give them: paths, or YAML texts of more than one line.
///
/// # Errors
/// As for [`read_taxonomy`].
pub(crate) fn find_taxonomy(given: &[String]) -> Result<Vec<PipelineText>, LoadError> {
    let mut texts = Vec::new();
    for own in given {
        match own.contains('\n') {
            true => texts.push(PipelineText { name: "taxonomy".to_owned(), yaml: own.clone() }),
            false => texts.append(&mut read_taxonomy(&[PathBuf::from(own)])?),
        }
    }
    Ok(texts)
}

/// Reads a pipeline from a file.
///
/// # Errors
/// When there is no such file, or it is not text.
pub fn read_pipeline(path: &Path) -> Result<PipelineText, LoadError> {
    let fault = |message: String| LoadError::new(path, message);
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(Limits::DEFAULT.yaml_bytes_max as u64 + 1).read_to_end(&mut bytes))
        .map_err(|error| fault(opening(&error)))?;
    let yaml = String::from_utf8(bytes).map_err(|_| fault("is not UTF-8 text; expected a pipeline in YAML".into()))?;
    Ok(PipelineText { name: path.display().to_string(), yaml })
}

fn not_utf8(name: &str, bytes: &[u8], valid: usize) -> Diagnostic {
    let before = bytes.get(..valid).unwrap_or_default();
    let line = memchr::memchr_iter(b'\n', before).count() + 1;
    let line_start = memchr::memrchr(b'\n', before).map_or(0, |at| at + 1);
    let column = String::from_utf8_lossy(before.get(line_start..).unwrap_or_default()).chars().count() + 1;
    let mut diagnostic = Diagnostic::without_place(Code::NotUtf8, Some(name), "the file is not UTF-8 text")
        .help("save it as UTF-8; Sigma rules are UTF-8 text");
    diagnostic.line = u32::try_from(line).unwrap_or(u32::MAX);
    diagnostic.column = u32::try_from(column).unwrap_or(u32::MAX);
    diagnostic.end_line = diagnostic.line;
    diagnostic.end_column = diagnostic.column.saturating_add(1);
    diagnostic
}

pub(crate) fn opening(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "no such file or directory".to_owned(),
        _ => format!("cannot be read: {error}"),
    }
}

fn is_saved(path: &Path) -> bool {
    let mut head = [0; SAVED_MAGIC.len()];
    let mut begins = || File::open(path).and_then(|mut file| file.read_exact(&mut head)).is_ok() && head == SAVED_MAGIC;
    has_extension(path, &["tieline"]) || begins()
}

fn read_saved(path: &Path) -> Result<Rules, LoadError> {
    let read = || {
        let file = File::open(path)?;
        // All at once: memory that grows with the file would be there twice.
        let length = file.metadata()?.len().min(SAVED_BYTES_MAX);
        let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0) + 1);
        file.take(SAVED_BYTES_MAX).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let bytes = read().map_err(|error| LoadError::new(path, opening(&error)))?;
    Rules::from_owner(bytes).map_err(|error| LoadError::new(path, error.to_string()))
}

/// Whether a YAML text has a correlation among its documents.
pub(crate) fn holds_correlation(text: &str) -> bool {
    text.lines().any(|line| line.starts_with("correlation:"))
}

/// Whether a YAML text is a processing pipeline.
fn is_pipeline(text: &str) -> bool {
    has_and_is_no_rule(text, &["transformations:"])
}

/// Whether a YAML text is a table of an OT protocol, of sensors or ports, of fields that hold indicators or entities, or of
/// requirements of a standard.
fn is_table(text: &str) -> bool {
    has_and_is_no_rule(
        text,
        &["protocol:", "sensor:", "ports:", "indicator_fields:", "entity_fields:", "requirements:"],
    ) || holds_plant(text)
}

/// Whether a YAML text tells of a plant.
pub(crate) fn holds_plant(text: &str) -> bool {
    has_and_is_no_rule(text, &["sites:", "assets:", "zones:", "conduits:"])
}

/// Whether a YAML text has one of these keys and no part of a rule.
fn has_and_is_no_rule(text: &str, keys: &[&str]) -> bool {
    let has = |keys: &[&str]| keys.iter().any(|key| text.lines().any(|line| line.starts_with(key)));
    has(keys) && !has(&["detection:", "correlation:", "filter:"])
}

/// Whether a path is one that holds rules, as far as can be told without reading it: a YAML file, saved rules, or
/// a directory with such a file in it.
#[must_use]
pub fn looks_like_rules(path: &Path) -> bool {
    if path.is_dir() {
        let walk = WalkDir::new(path).max_depth(DIRECTORY_DEPTH_MAX);
        return walk.into_iter().flatten().any(|entry| has_extension(entry.path(), &["yml", "yaml"]));
    }
    path != Path::new("-") && !looks_like_events(path)
}

/// Whether a file is one of events by its name.
fn looks_like_events(path: &Path) -> bool {
    has_extension(path, &["ndjson", "jsonl", "evtx", "csv", "log", "gz", "zst"])
        || (has_extension(path, &["json"]) && !holds_detection(path))
}

/// JSON is YAML, so a rule may come in a file of that name.
fn holds_detection(path: &Path) -> bool {
    let mut head = Vec::new();
    let read = File::open(path).and_then(|file| file.take(64 << 10).read_to_end(&mut head));
    read.is_ok() && memchr::memmem::find(&head, b"\"detection\"").is_some()
}

fn has_extension(path: &Path, known: &[&str]) -> bool {
    let extension = path.extension().and_then(OsStr::to_str);
    extension.is_some_and(|own| known.iter().any(|known| known.eq_ignore_ascii_case(own)))
}

fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
}
