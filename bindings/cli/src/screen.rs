//! Where text goes and how it looks there: standard output and error, colours, width.
//!
//! ```text
//!                terminal            pipe or NO_COLOR
//! output         colours, 80 wide    plain, nothing cut
//! messages       colours             plain;  --quiet leaves only errors
//! ```
//!
//! It knows nothing of what it prints.

use crate::exit::Failure;
use anstyle::{AnsiColor, Style};
use indicatif::ProgressBar;
use std::borrow::Cow;
use std::fmt::{self, Display};
use std::io::{self, BufWriter, IsTerminal, Stdout, Write};
use tieline::Level;

/// When to use colours.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum ColorWhen {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

pub(crate) const BOLD: Style = Style::new().bold();
pub(crate) const DIM: Style = Style::new().dimmed();
pub(crate) const RED: Style = AnsiColor::Red.on_default().bold();
pub(crate) const GREEN: Style = AnsiColor::Green.on_default();
pub(crate) const YELLOW: Style = AnsiColor::Yellow.on_default().bold();
const BLUE: Style = AnsiColor::Blue.on_default().bold();

/// Columns of a terminal that does not say how many it has.
const COLUMNS: usize = 80;

/// Standard output and error.
pub(crate) struct Screen {
    out: BufWriter<Stdout>,
    colour_out: bool,
    colour_err: bool,
    quiet: bool,
    /// Stands at the bottom of standard error while messages scroll above it.
    pub(crate) bar: Option<ProgressBar>,
}

/// A text in a style, or plain.
pub(crate) struct Painted<T> {
    style: Style,
    text: T,
}

impl<T: Display> Display for Painted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.style.render())?;
        self.text.fmt(f)?;
        write!(f, "{}", self.style.render_reset())
    }
}

impl Screen {
    pub(crate) fn new(color: ColorWhen, quiet: bool) -> Self {
        let wanted = |auto: anstream::ColorChoice| match color {
            ColorWhen::Auto => auto != anstream::ColorChoice::Never,
            ColorWhen::Always => true,
            ColorWhen::Never => false,
        };
        Self {
            colour_out: wanted(anstream::AutoStream::choice(&io::stdout())),
            colour_err: wanted(anstream::AutoStream::choice(&io::stderr())),
            out: BufWriter::with_capacity(1 << 16, io::stdout()),
            quiet,
            bar: None,
        }
    }

    /// Standard output.
    pub(crate) fn out(&mut self) -> &mut impl Write {
        &mut self.out
    }

    /// Writes what is still in memory.
    pub(crate) fn finish(&mut self) -> Result<(), Failure> {
        Ok(self.out.flush()?)
    }

    /// Columns of a terminal; `None` in a pipe, where nothing is to be cut.
    pub(crate) fn width(&self) -> Option<usize> {
        let terminal = io::stdout().is_terminal();
        terminal.then(|| console::Term::stdout().size_checked().map_or(COLUMNS, |(_, columns)| columns.into()))
    }

    /// The same for standard error.
    pub(crate) fn width_err(&self) -> Option<usize> {
        let terminal = io::stderr().is_terminal();
        terminal.then(|| console::Term::stderr().size_checked().map_or(COLUMNS, |(_, columns)| columns.into()))
    }

    pub(crate) fn out_is_terminal(&self) -> bool {
        io::stdout().is_terminal()
    }

    pub(crate) fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// A text for standard output, painted when that takes colours.
    pub(crate) fn paint<T: Display>(&self, style: Style, text: T) -> Painted<T> {
        Painted { style: if self.colour_out { style } else { Style::new() }, text }
    }

    /// The same for standard error.
    pub(crate) fn paint_err<T: Display>(&self, style: Style, text: T) -> Painted<T> {
        Painted { style: if self.colour_err { style } else { Style::new() }, text }
    }

    /// A line on standard error about how things go; silent under `--quiet`.
    pub(crate) fn note(&self, text: &str) {
        if !self.quiet {
            self.say(text);
        }
    }

    /// A line on standard error, always.
    pub(crate) fn error(&self, text: &str) {
        self.say(&format!("{} {}", self.paint_err(RED, "error:"), visible_lines(text)));
    }

    /// Something doubtful, on standard error; silent under `--quiet`.
    pub(crate) fn warning(&self, text: &str) {
        self.note(&format!("{} {}", self.paint_err(YELLOW, "warning:"), visible_lines(text)));
    }

    /// A line on standard error. That nobody listens there is no reason to stop.
    pub(crate) fn say(&self, text: &str) {
        let write = || {
            let _ = writeln!(io::stderr().lock(), "{text}");
        };
        match &self.bar {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }
}

/// A text from outside as it may stand on a terminal: what would move the cursor, change colours or turn the
/// direction of writing is shown as an escape.
pub(crate) fn visible(text: &str) -> Cow<'_, str> {
    let acts = |c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if !text.contains(acts) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if acts(c) { out.extend(c.escape_default()) } else { out.push(c) }
    }
    Cow::Owned(out)
}

/// The same for a text of several lines.
fn visible_lines(text: &str) -> String {
    text.lines().map(visible).collect::<Vec<_>>().join("\n")
}

/// The colour of a level.
pub(crate) fn style_of(level: Option<Level>) -> Style {
    match level {
        Some(Level::Critical) => AnsiColor::BrightWhite.on(AnsiColor::Red).bold(),
        Some(Level::High) => RED,
        Some(Level::Medium) => YELLOW,
        Some(Level::Low) => BLUE,
        Some(Level::Informational) | None => Style::new(),
    }
}

/// A level's name; rules without one have `-`.
pub(crate) fn level_name(level: Option<Level>) -> &'static str {
    level.map_or("-", Level::as_str)
}

/// A number with its thousands apart: `12,345`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A number and its noun: `1 rule`, `2 rules`.
pub(crate) fn counted(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", grouped(number))
}

/// Bytes for people: `16.2 MB`.
pub(crate) fn bytes(number: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "shown with one digit")]
    let number = number as f64;
    match number {
        ..1e3 => format!("{number} B"),
        ..1e6 => format!("{:.1} kB", number / 1e3),
        ..1e9 => format!("{:.1} MB", number / 1e6),
        _ => format!("{:.1} GB", number / 1e9),
    }
}
