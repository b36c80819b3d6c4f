//! Conditions: a small language of names, brackets and quantifiers.
//!
//! ```text
//! selection and not 1 of filter_*   ─▶   And [ Name selection, Not (Of any filter_*) ]
//! ```
//!
//! Binding, from loose to tight: `or`, `and`, `not`, `N of`, brackets. Keywords are known in any case;
//! `1 of`, `any of` and `N of` are keywords only where `of` follows, so selections may carry such names.
//! This file does not know which selections exist.

use crate::config::Limits;
use crate::diagnostic::{Code, Diagnostic, Source, Span};

/// A condition as written.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Condition {
    Name { name: String, span: Span },
    Of { count: Count, pattern: Pattern, span: Span },
    Not(Box<Condition>),
    And(Vec<Condition>),
    Or(Vec<Condition>),
}

/// How many of the selections must hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Count {
    All,
    AtLeast(u64),
}

/// Which selections a quantifier means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Pattern {
    /// Every selection whose name does not begin with `_`.
    Them,
    /// Names that match, `*` being any run of characters.
    Names(String),
}

impl Pattern {
    /// Whether the pattern means this selection. Names that begin with `_` are seen only by patterns that do.
    pub(crate) fn matches(&self, name: &str) -> bool {
        match self {
            Self::Them => !name.starts_with('_'),
            Self::Names(pattern) => (!name.starts_with('_') || pattern.starts_with('_')) && glob(pattern, name),
        }
    }
}

/// Matches `*` as any run of characters, by the two-pointer method: time is at most pattern times name.
fn glob(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| name.strip_prefix(first)) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = rest.get(at + part.len()..).unwrap_or(""),
            None => return false,
        }
    }
    rest.ends_with(last)
}

/// Parses a condition that stands at `span` of `source`; `quoted` says whether a quotation mark precedes it.
pub(crate) fn parse(text: &str, source: &Source, span: Span, limits: &Limits) -> Result<Condition, Box<Diagnostic>> {
    let quoted = usize::from(
        span.part(0, 1).line == span.end_line && (span.end_column - span.column) as usize > text.chars().count(),
    );
    let mut parser = ConditionParser { tokens: Vec::new(), at: 0, source, span, quoted, depth: 0, limits };
    if text.chars().count() > limits.condition_chars_max {
        let message = format!("a condition of more than {} characters", limits.condition_chars_max);
        return Err(parser.fault(Code::ConditionLimit, span, message));
    }
    parser.tokenize(text)?;
    let condition = parser.or()?;
    match parser.tokens.get(parser.at) {
        None => Ok(condition),
        Some(token) if token.text == ")" => {
            Err(parser.fault(Code::ConditionSyntax, token.span, "`)` without `(`".to_owned()))
        }
        Some(token) => {
            let before = parser.at.checked_sub(1).and_then(|at| parser.tokens.get(at));
            if let Some(word) =
                before.filter(|word| ["by", "near", "count", "sum", "avg"].iter().any(|old| word.is(old)))
            {
                return Err(parser.aggregation(word.span, &format!("`{}`", word.text)));
            }
            let message = format!("`and` or `or` is missing before `{}`", token.text);
            let mut fault = parser.fault(Code::ConditionSyntax, token.span, message);
            if let Some((_, word)) = FOREIGN.iter().find(|(sign, _)| token.text.starts_with(sign)) {
                fault.help = Some(format!("write `{word}`"));
            }
            Err(fault)
        }
    }
}

/// What other languages write for the words of a condition.
const FOREIGN: &[(&str, &str)] = &[("&", "and"), ("+", "and")];

struct Token {
    text: String,
    span: Span,
}

impl Token {
    fn is(&self, keyword: &str) -> bool {
        self.text.eq_ignore_ascii_case(keyword)
    }
}

struct ConditionParser<'a> {
    tokens: Vec<Token>,
    at: usize,
    source: &'a Source,
    span: Span,
    quoted: usize,
    depth: usize,
    limits: &'a Limits,
}

/// Finds the words of a condition in the source, where it may be folded over several lines.
struct Places<'a> {
    source: &'a Source,
    span: Span,
    quoted: usize,
    line: u32,
    column: usize,
}

impl Places<'_> {
    /// The place of the next word, which begins `offset` characters into the condition.
    fn find(&mut self, word: &str, offset: usize, length: usize) -> Span {
        if self.span.line == self.span.end_line {
            return self.span.part(offset + self.quoted, length);
        }
        while self.line <= self.span.end_line {
            let text = self.source.line(self.line);
            let rest = text.char_indices().nth(self.column).and_then(|(at, _)| text.get(at..)).unwrap_or("");
            if let Some(at) = rest.find(word) {
                let column = self.column + rest.get(..at).map_or(0, |before| before.chars().count());
                self.column = column + length;
                let number = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
                let (column, end_column) = (number(column + 1), number(column + 1 + length));
                return Span { line: self.line, column, end_line: self.line, end_column };
            }
            (self.line, self.column) = (self.line + 1, 0);
        }
        self.span
    }
}

type Parsed = Result<Condition, Box<Diagnostic>>;

impl ConditionParser<'_> {
    fn tokenize(&mut self, text: &str) -> Result<(), Box<Diagnostic>> {
        let mut word = String::new();
        let mut places =
            Places { source: self.source, span: self.span, quoted: self.quoted, line: self.span.line, column: 0 };
        for (offset, c) in text.chars().chain([' ']).enumerate() {
            let ends_word = c.is_whitespace() || matches!(c, '(' | ')' | '|');
            if !ends_word {
                word.push(c);
                continue;
            }
            if !word.is_empty() {
                let length = word.chars().count();
                let span = places.find(&word, offset - length, length);
                self.tokens.push(Token { text: std::mem::take(&mut word), span });
            }
            let span = if c.is_whitespace() { self.span } else { places.find(c.encode_utf8(&mut [0; 4]), offset, 1) };
            if c == '|' {
                let rest = text.chars().count() - offset;
                let span = if self.span.line == self.span.end_line {
                    self.span.part(offset + self.quoted, rest)
                } else {
                    span
                };
                if text.chars().nth(offset + 1) == Some('|') {
                    let fault = *self.fault(
                        Code::ConditionSyntax,
                        span.part(0, 2),
                        "`||` is not a word of conditions".to_owned(),
                    );
                    return Err(Box::new(fault.help("write `or`")));
                }
                return Err(self.aggregation(span, "an aggregation behind `|`"));
            }
            if !c.is_whitespace() {
                self.tokens.push(Token { text: c.to_string(), span });
            }
        }
        Ok(())
    }

    fn fault(&self, code: Code, span: Span, message: String) -> Box<Diagnostic> {
        Box::new(Diagnostic::new(code, self.source, span, message))
    }

    fn aggregation(&self, span: Span, what: &str) -> Box<Diagnostic> {
        let fault = *self.fault(Code::ConditionAggregation, span, format!("{what} is old syntax that no longer runs"));
        Box::new(fault.help("write a correlation rule, such as one of type `event_count` or `temporal`, instead"))
    }

    fn peek(&self, ahead: usize, keyword: &str) -> bool {
        self.tokens.get(self.at + ahead).is_some_and(|token| token.is(keyword))
    }

    fn or(&mut self) -> Parsed {
        self.chain("or", Self::and, Condition::Or)
    }

    fn and(&mut self) -> Parsed {
        self.chain("and", Self::not, Condition::And)
    }

    fn chain(
        &mut self,
        keyword: &str,
        operand: fn(&mut Self) -> Parsed,
        join: fn(Vec<Condition>) -> Condition,
    ) -> Parsed {
        let first = operand(self)?;
        if !self.peek(0, keyword) {
            return Ok(first);
        }
        let mut operands = vec![first];
        while self.peek(0, keyword) {
            self.at += 1;
            operands.push(operand(self)?);
        }
        Ok(join(operands))
    }

    fn not(&mut self) -> Parsed {
        // Only brackets and `not` nest, so counting here bounds the whole recursion.
        self.depth += 1;
        if self.depth > self.limits.condition_depth_max {
            let message = format!("a condition nested deeper than {}", self.limits.condition_depth_max);
            let fault = *self.fault(Code::ConditionLimit, self.span, message);
            return Err(Box::new(fault.help("join selections with `1 of` and a pattern, or write several rules")));
        }
        let parsed = if self.peek(0, "not") {
            self.at += 1;
            self.not().map(|operand| Condition::Not(Box::new(operand)))
        } else {
            self.primary()
        };
        self.depth -= 1;
        parsed
    }

    fn primary(&mut self) -> Parsed {
        let Some(token) = self.tokens.get(self.at) else {
            return Err(match self.tokens.last() {
                None => self.fault(Code::ConditionSyntax, self.span, "the condition is empty".to_owned()),
                Some(last) => {
                    let message = format!("the condition ends behind `{}`, where a selection belongs", last.text);
                    self.fault(Code::ConditionSyntax, last.span, message)
                }
            });
        };
        let (text, span) = (token.text.clone(), token.span);
        if text == "(" {
            self.at += 1;
            let inner = self.or()?;
            if !self.peek(0, ")") {
                return Err(self.fault(Code::ConditionSyntax, span, "`(` without `)`".to_owned()));
            }
            self.at += 1;
            return Ok(inner);
        }
        if self.peek(1, "of") && !self.peek(2, "of") {
            return self.quantifier(&text, span);
        }
        if ["and", "or", "not", ")"].iter().any(|keyword| text.eq_ignore_ascii_case(keyword)) {
            let message = format!("a selection is missing before `{text}`");
            return Err(self.fault(Code::ConditionSyntax, span, message));
        }
        if text.contains('*') {
            let message = format!("the pattern `{text}` needs a quantifier");
            let fault = *self.fault(Code::ConditionSyntax, span, message);
            return Err(Box::new(fault.help(format!("write `1 of {text}` or `all of {text}`"))));
        }
        self.at += 1;
        Ok(Condition::Name { name: text, span })
    }

    fn quantifier(&mut self, count: &str, span: Span) -> Parsed {
        let count = match count.to_ascii_lowercase().as_str() {
            "all" => Count::All,
            "any" => Count::AtLeast(1),
            number => match number.parse() {
                Ok(0) => {
                    let message = "`0 of` is always true".to_owned();
                    let fault = *self.fault(Code::CountOutOfRange, span, message);
                    return Err(Box::new(fault.help("write `not 1 of` for none of them")));
                }
                Ok(number) => Count::AtLeast(number),
                Err(_) => {
                    let message = format!("`{count}` before `of` is not a number, `any` or `all`");
                    let mut fault = self.fault(Code::ConditionSyntax, span, message);
                    if count.eq_ignore_ascii_case("none") {
                        fault.help = Some("write `not 1 of` for none of them".to_owned());
                    }
                    return Err(fault);
                }
            },
        };
        let Some(token) = self.tokens.get(self.at + 2).filter(|token| !matches!(token.text.as_str(), "(" | ")")) else {
            let span = self.tokens.get(self.at + 1).map_or(span, |of| of.span);
            let fault = *self.fault(Code::ConditionSyntax, span, "`of` needs `them` or a pattern behind it".to_owned());
            return Err(Box::new(fault.help("write a pattern without brackets, such as `1 of selection_*`")));
        };
        let pattern = if token.is("them") { Pattern::Them } else { Pattern::Names(token.text.clone()) };
        let span = Span { end_column: token.span.end_column, ..span };
        self.at += 3;
        Ok(Condition::Of { count, pattern, span })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_text(text: &str) -> Result<Condition, Code> {
        let source = Source::new(None, text);
        let columns = u32::try_from(text.chars().count()).unwrap() + 1;
        let span = Span { line: 1, column: 1, end_line: 1, end_column: columns };
        parse(text, &source, span, &Limits::DEFAULT).map_err(|fault| fault.code)
    }

    fn show(condition: &Condition) -> String {
        let list = |parts: &[Condition]| parts.iter().map(show).collect::<Vec<_>>().join(" ");
        match condition {
            Condition::Name { name, .. } => name.clone(),
            Condition::Of { count, pattern, .. } => format!("{count:?}:{pattern:?}").replace('"', ""),
            Condition::Not(inner) => format!("!{}", show(inner)),
            Condition::And(parts) => format!("&({})", list(parts)),
            Condition::Or(parts) => format!("|({})", list(parts)),
        }
    }

    #[test]
    fn conditions_bind_as_the_specification_says() {
        for (text, tree) in [
            ("a", "a"),
            ("a and b or c and not d", "|(&(a b) &(c !d))"),
            ("a AND (b Or c)", "&(a |(b c))"),
            ("not not a", "!!a"),
            ("not_filter and and1", "&(not_filter and1)"),
            ("1 of sel_* or ALL OF them", "|(AtLeast(1):Names(sel_*) All:Them)"),
            ("any of x* and 3 of y*", "&(AtLeast(1):Names(x*) AtLeast(3):Names(y*))"),
            ("all", "all"),
            ("not 1 of f*", "!AtLeast(1):Names(f*)"),
        ] {
            assert_eq!(show(&parse_text(text).unwrap()), tree, "{text}");
        }
    }

    #[test]
    fn broken_conditions_have_a_code() {
        for (text, code) in [
            ("", Code::ConditionSyntax),
            ("a and", Code::ConditionSyntax),
            ("a b", Code::ConditionSyntax),
            ("(a", Code::ConditionSyntax),
            ("a)", Code::ConditionSyntax),
            ("and a", Code::ConditionSyntax),
            ("some of a*", Code::ConditionSyntax),
            ("1 of", Code::ConditionSyntax),
            ("sel*", Code::ConditionSyntax),
            ("0 of a*", Code::CountOutOfRange),
            ("a | count() by b > 1", Code::ConditionAggregation),
        ] {
            assert_eq!(parse_text(text), Err(code), "{text}");
        }
        assert_eq!(parse_text(&"(".repeat(100)), Err(Code::ConditionLimit));
        assert_eq!(parse_text(&"not ".repeat(100)), Err(Code::ConditionLimit));
        assert_eq!(parse_text(&"a".repeat(70_000)), Err(Code::ConditionLimit));
    }

    #[test]
    fn patterns_take_stars_anywhere_and_hide_underscores() {
        let pattern = |text: &str| Pattern::Names(text.to_owned());
        assert!(pattern("sel*a*").matches("selection_a1"));
        assert!(pattern("*").matches("x") && !pattern("*").matches("_x") && pattern("_*").matches("_x"));
        assert!(pattern("abc").matches("abc") && !pattern("abc").matches("abcd"));
        assert!(!pattern("ab*bc").matches("abc") && pattern("ab*bc").matches("abbc"));
        assert!(!Pattern::Them.matches("_x"));
    }
}
