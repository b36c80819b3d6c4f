//! Patterns of STIX, as far as they ask for single values.
//!
//! ```text
//! [ipv4-addr:value = '198.51.100.7' OR domain-name:value IN ('a.example', 'b.example')]   ─▶   three ways to hold
//! [file:name = 'x.exe' AND file:hashes.'SHA-256' = '…']                                    ─▶   one way, both at once
//! ```
//!
//! What asks for more than values of one event is refused with its place: negation, order, time, numbers, expressions.

use super::IndicatorKind;
use super::value;

/// Ways in which one pattern may hold at most.
const TERMS_MAX: usize = 10_000;
/// Depth of brackets.
const DEPTH_MAX: usize = 32;

/// One comparison.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Atom {
    /// What the value is; `None` where the pattern leaves that open.
    pub(super) kind: Option<IndicatorKind>,
    pub(super) value: String,
    /// Where it stands in the pattern, in bytes.
    pub(super) at: usize,
    pub(super) length: usize,
}

/// Any of these ways makes the pattern hold; in each, all of its comparisons do.
pub(super) type Terms = Vec<Vec<Atom>>;

/// Why a pattern cannot be used.
#[derive(Debug, PartialEq)]
pub(super) struct Fault {
    pub(super) at: usize,
    pub(super) length: usize,
    pub(super) message: String,
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    /// `[`, `]`, `(`, `)`, `,`, or an operator.
    Sign(&'static str),
    /// A word: a keyword, or the path of an object.
    Word(String),
    Text(String),
    End,
}

/// Reads a pattern.
pub(super) fn parse(pattern: &str) -> Result<Terms, Fault> {
    let mut parser = Parser { tokens: tokens(pattern)?, next: 0, depth: 0 };
    let terms = parser.observations()?;
    match parser.peek() {
        (Token::End, ..) => {}
        (Token::Word(word), at, length) if ["WITHIN", "REPEATS", "START", "STOP"].iter().any(|own| is(&word, own)) => {
            return Err(Fault {
                at,
                length,
                message: format!("`{word}` asks for several events; write a correlation for it"),
            });
        }
        (_, at, length) => return Err(Fault { at, length, message: "the pattern should end here".to_owned() }),
    }
    if terms.iter().any(Vec::is_empty) {
        let message = "the pattern asks for a kind of object alone, which every event has".to_owned();
        return Err(Fault { at: 0, length: pattern.len(), message });
    }
    Ok(terms)
}

fn is(word: &str, keyword: &str) -> bool {
    word.eq_ignore_ascii_case(keyword)
}

fn tokens(pattern: &str) -> Result<Vec<(Token, usize, usize)>, Fault> {
    const SIGNS: &[&str] = &["[", "]", "(", ")", ",", "!=", "<>", "<=", ">=", "==", "=", "<", ">"];
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(rest) = pattern.get(at..).filter(|rest| !rest.is_empty()) {
        if let Some(blank) = rest.chars().next().filter(|c| c.is_whitespace()) {
            at += blank.len_utf8();
        } else if rest.starts_with('\'') {
            let (text, length) = quoted(rest).ok_or_else(|| Fault {
                at,
                length: rest.len(),
                message: "a text has no closing quote".to_owned(),
            })?;
            found.push((Token::Text(text), at, length));
            at += length;
        } else if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            found.push((Token::Sign(sign), at, sign.len()));
            at += sign.len();
        } else {
            let length = word_length(rest);
            found.push((Token::Word(rest.get(..length).unwrap_or_default().to_owned()), at, length));
            at += length.max(1);
        }
    }
    found.push((Token::End, pattern.len(), 1));
    Ok(found)
}

/// A text in quotes, and how long it is with them.
fn quoted(text: &str) -> Option<(String, usize)> {
    let mut value = String::new();
    let mut chars = text.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            '\'' => return Some((value, at + 1)),
            '\\' => value.push(chars.next()?.1),
            other => value.push(other),
        }
    }
    None
}

/// The length of a word; steps of a path may be quoted (`file:hashes.'SHA-256'`) and have brackets (`refs[*]`).
fn word_length(text: &str) -> usize {
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let c = rest.chars().next().unwrap_or(' ');
        if c == '\'' && text.get(..at).is_some_and(|head| head.ends_with(['.', ':'])) {
            at += quoted(rest).map_or(rest.len(), |(_, length)| length);
        } else if c == '[' && at > 0 {
            at += rest.find(']').map_or(rest.len(), |end| end + 1);
        } else if c.is_whitespace() || "[]()=<>!,'".contains(c) {
            break;
        } else {
            at += c.len_utf8();
        }
    }
    at.max(text.chars().next().map_or(1, char::len_utf8))
}

struct Parser {
    tokens: Vec<(Token, usize, usize)>,
    next: usize,
    depth: usize,
}

impl Parser {
    fn peek(&self) -> (Token, usize, usize) {
        self.tokens.get(self.next).or(self.tokens.last()).cloned().unwrap_or((Token::End, 0, 1))
    }

    fn take(&mut self) -> (Token, usize, usize) {
        let token = self.peek();
        self.next += 1;
        token
    }

    fn takes_sign(&mut self, sign: &str) -> bool {
        let is_it = matches!(self.peek().0, Token::Sign(own) if own == sign);
        self.next += usize::from(is_it);
        is_it
    }

    fn takes_word(&mut self, keyword: &str) -> bool {
        let is_it = matches!(self.peek().0, Token::Word(word) if is(&word, keyword));
        self.next += usize::from(is_it);
        is_it
    }

    fn fault<T>(&self, message: impl Into<String>) -> Result<T, Fault> {
        let (_, at, length) = self.peek();
        Err(Fault { at, length, message: message.into() })
    }

    fn deeper<T>(&mut self, inner: impl FnOnce(&mut Self) -> Result<T, Fault>) -> Result<T, Fault> {
        if self.depth >= DEPTH_MAX {
            return self.fault(format!("the pattern is nested deeper than {DEPTH_MAX}"));
        }
        self.depth += 1;
        let result = inner(self);
        self.depth -= 1;
        result
    }

    fn observations(&mut self) -> Result<Terms, Fault> {
        let mut terms = self.observation()?;
        loop {
            if self.takes_word("OR") {
                let more = self.observation()?;
                terms.extend(more);
                self.bounded(&terms)?;
            } else if let (Token::Word(word), ..) = self.peek()
                && (is(&word, "AND") || is(&word, "FOLLOWEDBY"))
            {
                return self.fault(format!(
                    "`{word}` between observations asks for several events; write a correlation for it"
                ));
            } else {
                return Ok(terms);
            }
        }
    }

    fn observation(&mut self) -> Result<Terms, Fault> {
        if self.takes_sign("(") {
            let terms = self.deeper(Self::observations)?;
            return if self.takes_sign(")") { Ok(terms) } else { self.fault("expected `)`") };
        }
        if !self.takes_sign("[") {
            return self.fault("expected `[`, with which an observation begins");
        }
        let terms = self.any()?;
        if self.takes_sign("]") { Ok(terms) } else { self.fault("expected `]`, `AND` or `OR`") }
    }

    fn any(&mut self) -> Result<Terms, Fault> {
        let mut terms = self.all()?;
        while self.takes_word("OR") {
            terms.extend(self.all()?);
            self.bounded(&terms)?;
        }
        Ok(terms)
    }

    fn all(&mut self) -> Result<Terms, Fault> {
        let mut terms = self.comparison()?;
        while self.takes_word("AND") {
            let more = self.comparison()?;
            if terms.len().saturating_mul(more.len()) > TERMS_MAX {
                return self.fault(format!("the pattern can hold in more than {TERMS_MAX} ways"));
            }
            let joined =
                |left: &Vec<Atom>| more.iter().map(|right| [left.as_slice(), right].concat()).collect::<Vec<_>>();
            terms = terms.iter().flat_map(joined).collect();
        }
        Ok(terms)
    }

    fn bounded(&self, terms: &Terms) -> Result<(), Fault> {
        if terms.len() > TERMS_MAX {
            self.fault(format!("the pattern can hold in more than {TERMS_MAX} ways"))
        } else {
            Ok(())
        }
    }

    fn comparison(&mut self) -> Result<Terms, Fault> {
        if self.takes_sign("(") {
            let terms = self.deeper(Self::any)?;
            return if self.takes_sign(")") { Ok(terms) } else { self.fault("expected `)`") };
        }
        let (Token::Word(path), at, length) = self.peek() else {
            return self.fault("expected the path of an object, such as `ipv4-addr:value`");
        };
        if is(&path, "NOT") || is(&path, "EXISTS") {
            return self.fault(format!("`{path}` cannot be looked up in a list"));
        }
        self.next += 1;
        let asked = match asked(&path) {
            Ok(asked) => asked,
            Err(message) => return Err(Fault { at, length, message }),
        };
        let operator = self.take();
        let end = |own: &(Token, usize, usize)| own.1 + own.2 - at;
        match &operator.0 {
            Token::Sign("=" | "==") => {
                let value = self.text()?;
                Ok(atoms(asked, vec![value.0.clone()], (at, end(&value))))
            }
            Token::Word(word) if is(word, "IN") => {
                let values = self.texts()?;
                self.next -= 1;
                let close = self.take();
                Ok(atoms(asked, values, (at, end(&close))))
            }
            Token::Word(word) if is(word, "ISSUBSET") && asked == Asked::Kind(Some(IndicatorKind::Address)) => {
                let value = self.text()?;
                Ok(atoms(asked, vec![value.0.clone()], (at, end(&value))))
            }
            Token::Word(word) if is(word, "LIKE") => {
                let value = self.text()?;
                let Token::Text(text) = &value.0 else { return self.fault("expected a text") };
                // Only the names below a domain are known without trying every value.
                let below = text.strip_prefix("%.").filter(|_| asked == Asked::Kind(Some(IndicatorKind::Domain)));
                match below.unwrap_or(text) {
                    plain if !plain.contains(['%', '_']) => {
                        Ok(atoms(asked, vec![Token::Text(plain.to_owned())], (at, end(&value))))
                    }
                    _ => {
                        let message =
                            "`LIKE` is read with `%.` in front of a domain only; write a rule for other wildcards";
                        Err(Fault { at, length: end(&value), message: message.to_owned() })
                    }
                }
            }
            Token::Word(word) | Token::Text(word) => {
                let message = format!("`{word}` cannot be looked up in a list; write a rule for it");
                Err(Fault { at: operator.1, length: operator.2, message })
            }
            Token::Sign(sign) => {
                let message = format!("`{sign}` cannot be looked up in a list; write a rule for it");
                Err(Fault { at: operator.1, length: operator.2, message })
            }
            Token::End => Err(Fault { at: operator.1, length: 1, message: "the pattern is cut off".to_owned() }),
        }
    }

    fn text(&mut self) -> Result<(Token, usize, usize), Fault> {
        match self.peek() {
            (Token::Text(_), ..) => Ok(self.take()),
            (Token::End, ..) => self.fault("the pattern is cut off"),
            _ => self.fault("expected a text in single quotes"),
        }
    }

    fn texts(&mut self) -> Result<Vec<Token>, Fault> {
        if !self.takes_sign("(") {
            return self.fault("expected `(` and a list of texts");
        }
        let mut texts = vec![self.text()?.0];
        while self.takes_sign(",") {
            texts.push(self.text()?.0);
        }
        if self.takes_sign(")") { Ok(texts) } else { self.fault("expected `,` or `)`") }
    }
}

fn atoms(asked: Asked, values: Vec<Token>, (at, length): (usize, usize)) -> Terms {
    let Asked::Kind(kind) = asked else { return vec![Vec::new()] };
    let texts = values.into_iter().filter_map(|value| if let Token::Text(text) = value { Some(text) } else { None });
    texts.map(|value| vec![Atom { kind, value, at, length }]).collect()
}

/// What a path asks for.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Asked {
    /// A value of some kind, or of one that its look tells.
    Kind(Option<IndicatorKind>),
    /// What follows from the other comparisons.
    Nothing,
}

fn asked(path: &str) -> Result<Asked, String> {
    let plain = path.to_ascii_lowercase().replace(['\'', '"'], "");
    let (object, rest) = plain.split_once(':').unwrap_or((&plain, ""));
    let hash = rest.split_once("hashes.").filter(|(before, _)| before.is_empty() || before.ends_with("ref."));
    if let Some((_, name)) = hash {
        return match value::kind_named(name) {
            Some(kind @ (IndicatorKind::Hash | IndicatorKind::Imphash)) => Ok(Asked::Kind(Some(kind))),
            _ => Err(format!("hashes of the kind `{name}` are not looked for")),
        };
    }
    Ok(Asked::Kind(Some(match (object, rest) {
        ("ipv4-addr" | "ipv6-addr", "value") => IndicatorKind::Address,
        ("domain-name", "value") => IndicatorKind::Domain,
        ("url", "value") => IndicatorKind::Url,
        ("email-addr", "value") => IndicatorKind::Email,
        ("email-message", "from_ref.value" | "sender_ref.value") => IndicatorKind::Email,
        ("file", "name") | ("process", "name" | "image_ref.name" | "binary_ref.name") => IndicatorKind::FileName,
        ("file", rest) if rest.ends_with(".imphash") => IndicatorKind::Imphash,
        ("network-traffic", "dst_ref.value" | "src_ref.value") => return Ok(Asked::Kind(None)),
        ("network-traffic", "dst_ref.type" | "src_ref.type") => return Ok(Asked::Nothing),
        _ => return Err(format!("`{path}` is not looked for in events")),
    })))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, expected: &[&[&str]]) {
        let terms = parse(pattern).unwrap_or_else(|fault| panic!("{pattern}: {fault:?}"));
        let shown: Vec<Vec<String>> = terms
            .iter()
            .map(|term| {
                let kind = |atom: &Atom| atom.kind.map_or("?", IndicatorKind::as_str);
                term.iter().map(|atom| format!("{} {}", kind(atom), atom.value)).collect()
            })
            .collect();
        assert_eq!(shown, expected, "{pattern}");
    }

    fn refuse(pattern: &str, at: &str, message: &str) {
        let fault = parse(pattern).unwrap_err();
        let place = pattern.get(fault.at..(fault.at + fault.length).min(pattern.len())).unwrap();
        assert_eq!((place, fault.message.contains(message)), (at, true), "{pattern}: {fault:?}");
    }

    #[test]
    fn values_are_read_with_what_joins_them() {
        check("[ipv4-addr:value = '198.51.100.7']", &[&["address 198.51.100.7"]]);
        check("[ipv4-addr:value ISSUBSET '198.51.100.0/24']", &[&["address 198.51.100.0/24"]]);
        check(
            "[domain-name:value IN ('a.example', 'b.example')] OR [url:value='http://x.example/']",
            &[&["domain a.example"], &["domain b.example"], &["url http://x.example/"]],
        );
        check(
            "[file:name = 'it\\'s.exe' AND (file:hashes.'SHA-256' = 'aa' OR file:hashes.MD5 = 'bb')]",
            &[&["file_name it's.exe", "hash aa"], &["file_name it's.exe", "hash bb"]],
        );
        check(
            "[network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_ref.value = '198.51.100.7']",
            &[&["? 198.51.100.7"]],
        );
        check("([domain-name:value LIKE '%.evil.example'])", &[&["domain evil.example"]]);
        check("[file:extensions.'windows-pebinary-ext'.imphash = 'x']", &[&["imphash x"]]);
        check("[process:image_ref.hashes.'SHA-1' = 'x']", &[&["hash x"]]);
    }

    #[test]
    fn what_cannot_be_looked_up_is_refused_with_its_place() {
        refuse("[ipv4-addr:value != '1.2.3.4']", "!=", "write a rule");
        refuse("[ipv4-addr:value = '1.2.3.4' AND NOT url:value = 'x']", "NOT", "cannot be looked up");
        refuse("[url:value MATCHES 'x.*']", "MATCHES", "write a rule");
        refuse("[url:value = 'a'] AND [url:value = 'b']", "AND", "correlation");
        refuse("[url:value = 'a'] FOLLOWEDBY [url:value = 'b']", "FOLLOWEDBY", "correlation");
        refuse("[url:value = 'a'] REPEATS 5 TIMES", "REPEATS", "correlation");
        refuse("[mutex:name = 'x']", "mutex:name", "not looked for");
        refuse("[file:hashes.SSDEEP = 'x']", "file:hashes.SSDEEP", "not looked for");
        refuse("[file:size = 5]", "file:size", "not looked for");
        refuse("[domain-name:value LIKE 'e%l.example']", "domain-name:value LIKE 'e%l.example'", "LIKE");
        refuse("[ipv4-addr:value = '1.2.3.4", "'1.2.3.4", "quote");
        refuse("[ipv4-addr:value = ", "", "cut off");
        refuse("[ipv4-addr:value = '1.2.3.4'", "", "expected `]`");
        refuse("ipv4-addr:value = '1.2.3.4'", "ipv4-addr:value", "expected `[`");
        refuse("[network-traffic:dst_ref.type = 'x']", "[network-traffic:dst_ref.type = 'x']", "alone");
        refuse("", "", "expected `[`");
        let deep = format!("[{}url:value = 'x'", "(".repeat(40));
        assert!(parse(&deep).unwrap_err().message.contains("deeper"));
        let one = "url:value IN (".to_owned() + &["'x'"; 200].join(",") + ")";
        assert!(parse(&format!("[{one} AND {one}]")).unwrap_err().message.contains("ways"));
    }
}
