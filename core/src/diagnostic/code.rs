//! The stable codes: one row per code, with its severity, its name and what it means.
//!
//! ```text
//! TL0010 error  unknown-modifier   a field name carries a modifier that Sigma does not define
//! ```
//!
//! A number is never reused. `TL00xx` sinks the rule, filter or pipeline it is about, `TL01xx` is a
//! warning or a note about meaning, `TL02xx` is a convention that a reader would like kept. This file
//! does not decide when a code is raised; the room that finds the fault does.

use serde::{Deserialize, Serialize};

/// How bad a diagnostic is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Nothing is wrong; the reader may want to know.
    Note,
    /// The rule loads and runs, but probably not as its author thinks.
    Warning,
    /// The rule, filter or pipeline was left out.
    Error,
}

impl Severity {
    /// The severity in lower case, as it is printed.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

macro_rules! codes {
    ($($ident:ident = $text:literal, $severity:ident, $name:literal, $meaning:literal;)*) => {
        /// A stable diagnostic code such as `TL0010`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code { $(#[doc = $meaning] $ident,)* }

        impl Code {
            /// Every code, in ascending order.
            pub const ALL: &'static [Code] = &[$(Code::$ident,)*];

            /// The code as printed, for example `TL0010`.
            #[must_use]
            pub const fn as_str(self) -> &'static str { match self { $(Code::$ident => $text,)* } }

            /// A short name in kebab case, for example `unknown-modifier`.
            #[must_use]
            pub const fn name(self) -> &'static str { match self { $(Code::$ident => $name,)* } }

            /// One sentence: what the code means.
            #[must_use]
            pub const fn meaning(self) -> &'static str { match self { $(Code::$ident => $meaning,)* } }

            /// The severity with which the code is always raised.
            #[must_use]
            pub const fn severity(self) -> Severity { match self { $(Code::$ident => Severity::$severity,)* } }
        }
    };
}

codes! {
    // What is written.
    YamlSyntax = "TL0001", Error, "yaml-syntax", "the document is not well-formed YAML";
    DuplicateKey = "TL0002", Error, "duplicate-key", "a mapping holds the same key twice";
    YamlLimit = "TL0003", Error, "yaml-limit", "the document is larger, deeper or has more aliases than the limits allow";
    NotARule = "TL0004", Error, "not-a-rule", "the document is not a rule, a correlation, a filter or an action";
    MissingSection = "TL0005", Error, "missing-section", "a section that the document cannot do without is absent or empty";
    WrongType = "TL0006", Error, "wrong-type", "a value has another type than the one that belongs here";
    NotUtf8 = "TL0007", Error, "not-utf8", "the file is not UTF-8 text";
    BadAction = "TL0008", Error, "bad-action", "an `action` document is not `global`, `reset` or `repeat`, or has nothing to repeat";
    UnreadableFile = "TL0009", Error, "unreadable-file", "a rule file cannot be read";
    // Detection items.
    UnknownModifier = "TL0010", Error, "unknown-modifier", "a field name carries a modifier that Sigma does not define";
    ModifierConflict = "TL0011", Error, "modifier-conflict", "a modifier cannot follow the ones before it, or contradicts one of them";
    ModifierValue = "TL0012", Error, "modifier-value", "a modifier cannot take a value of this type or form";
    BadRegex = "TL0013", Error, "bad-regex", "a regular expression does not parse";
    RegexUnsupported = "TL0014", Error, "regex-unsupported", "a regular expression uses what cannot run in linear time (look-around, back-reference)";
    RegexTooLarge = "TL0015", Error, "regex-too-large", "a regular expression compiles to more than the limit";
    BadCidr = "TL0016", Error, "bad-cidr", "a `cidr` value is not an address or a network";
    NullInList = "TL0017", Error, "null-in-list", "`null` stands in a list of values";
    PlaceholderUnresolved = "TL0018", Error, "placeholder-unresolved", "a placeholder has no values";
    WindashTooMany = "TL0019", Error, "windash-too-many", "a `windash` value has more dashes that begin a word than the limit";
    EncodingAlone = "TL0020", Error, "encoding-alone", "`wide` or `utf16` stands without `base64` or `base64offset` after it";
    TooManyValues = "TL0021", Error, "too-many-values", "a selection holds, or expands to, more values than the limit";
    EmptySelection = "TL0022", Error, "empty-selection", "a selection holds nothing";
    // Conditions.
    ConditionSyntax = "TL0030", Error, "condition-syntax", "a condition does not parse";
    UndefinedSelection = "TL0031", Error, "undefined-selection", "a condition names a selection that the rule does not have";
    PatternMatchesNothing = "TL0032", Error, "pattern-matches-nothing", "a pattern in a condition matches no selection";
    CountOutOfRange = "TL0033", Error, "count-out-of-range", "`N of` asks for none, or for more selections than the pattern matches";
    ConditionLimit = "TL0034", Error, "condition-limit", "a condition is longer or deeper than the limit";
    ConditionAggregation = "TL0035", Error, "condition-aggregation", "a condition holds an old aggregation (`| count()`, `near`); a correlation rule replaces it";
    // Correlations.
    CorrelationType = "TL0040", Error, "correlation-type", "a correlation has no type, or one that Sigma does not define";
    CorrelationMissing = "TL0041", Error, "correlation-missing", "a correlation lacks a part that its type needs";
    BadTimespan = "TL0042", Error, "bad-timespan", "a timespan is not a number and one of `s m h d w M y`, is zero, or is over the limit";
    CorrelationCondition = "TL0043", Error, "correlation-condition", "the condition of a correlation does not fit its type";
    UnresolvedReference = "TL0044", Error, "unresolved-reference", "a correlation refers to a rule that is not there or was left out";
    CorrelationCircle = "TL0045", Error, "correlation-circle", "a correlation refers to itself, directly or through others";
    CorrelationAlias = "TL0046", Error, "correlation-alias", "an alias names a rule that the correlation does not refer to, or no field";
    CorrelationLimit = "TL0047", Error, "correlation-limit", "a correlation refers to more rules or fields, or is nested deeper, than the limit";
    // Filters.
    FilterMissing = "TL0050", Error, "filter-missing", "a filter lacks its rules, its condition or its selections";
    // Pipelines.
    PipelineSyntax = "TL0060", Error, "pipeline-syntax", "a pipeline is not well-formed or lacks a part";
    TransformationUnknown = "TL0061", Error, "transformation-unknown", "a pipeline names a transformation that does not exist";
    TransformationUnsupported = "TL0062", Error, "transformation-unsupported", "a pipeline names a transformation or condition that is about query text, not about matching";
    PipelineParameter = "TL0063", Error, "pipeline-parameter", "a transformation or condition has a parameter that is missing, unknown or of the wrong form";
    PipelineFailure = "TL0064", Error, "pipeline-failure", "a pipeline refuses the rule (`rule_failure`, `detection_item_failure`, `strict_field_mapping_failure`)";
    PipelineConditionUnknown = "TL0065", Error, "pipeline-condition-unknown", "a pipeline names a condition that does not exist";
    PipelineLimit = "TL0066", Error, "pipeline-limit", "a pipeline is nested deeper, or makes a rule larger, than the limit";
    ProgramLimit = "TL0070", Error, "program-limit", "the rule does not fit into the program's limits";
    // Tables of OT protocols.
    TaxonomySyntax = "TL0080", Error, "taxonomy-syntax", "a table of an OT protocol is not well-formed, lacks a part, or names what does not exist";
    // Assets, zones and conduits.
    ContextSyntax = "TL0090", Error, "context-syntax", "an asset, zone, conduit or site is not well-formed or lacks a part";
    // Indicators.
    IndicatorList = "TL0092", Error, "indicator-list", "a list of indicators cannot be read: it is cut off, too long, or has no form that is known";
    IndicatorFields = "TL0093", Error, "indicator-fields", "a table of the fields that hold addresses, accounts, names and hashes is not well-formed, or names what does not exist";
    // Warnings about meaning.
    MetadataInvalid = "TL0101", Warning, "metadata-invalid", "a metadata field is missing or does not have the form that the specification gives it";
    DuplicateId = "TL0102", Warning, "duplicate-id", "two rules have the same id";
    DuplicateName = "TL0103", Warning, "duplicate-name", "two rules have the same name";
    UnusedSelection = "TL0104", Warning, "unused-selection", "a selection is never used by the condition";
    AllOnOneValue = "TL0105", Warning, "all-on-one-value", "`all` stands on a single value";
    MixedNull = "TL0106", Warning, "mixed-null", "a list of maps tests one field for both null and a value in a way that is easy to misread";
    FilterMatchesNothing = "TL0107", Warning, "filter-matches-nothing", "a filter applies to no rule";
    FilterWithoutNot = "TL0108", Warning, "filter-without-not", "a filter keeps what its selections describe, because its condition has no `not`";
    RegexIsString = "TL0109", Warning, "regex-is-string", "a regular expression says no more than a plain string with modifiers would";
    Deprecated = "TL0110", Warning, "deprecated", "old syntax that still works";
    CidrHostBits = "TL0111", Warning, "cidr-host-bits", "a network has bits set behind its prefix";
    EmptyValueList = "TL0112", Warning, "empty-value-list", "an empty list of values is read as null";
    NeverMatches = "TL0113", Warning, "never-matches", "a test can never be true, or always is";
    DuplicateValue = "TL0114", Warning, "duplicate-value", "a list holds the same value twice";
    WildcardOnly = "TL0115", Warning, "wildcard-only", "a value is only `*`; `exists` says so more clearly";
    CorrelationNonNumeric = "TL0116", Warning, "correlation-non-numeric", "a numeric correlation reads a field that is known to hold text";
    GroupByMissing = "TL0117", Warning, "group-by-missing", "a correlation without `group-by` treats all events as one group";
    LogsourceEmpty = "TL0118", Warning, "logsource-empty", "a log source names neither category, product nor service";
    UnknownKey = "TL0119", Warning, "unknown-key", "a key is not defined here; it may be a misspelling";
    PipelineUnused = "TL0120", Warning, "pipeline-unused", "a pipeline changes no rule of the pack";
    NotPortable = "TL0121", Note, "not-portable", "an extension that other Sigma tools refuse";
    RuleUnsupported = "TL0122", Note, "rule-unsupported", "the rule's own status says that it is unsupported or deprecated";
    ContextContradiction = "TL0123", Warning, "context-contradiction", "assets, zones or conduits contradict each other, overlap, or name what is not there";
    NothingInFile = "TL0124", Warning, "nothing-in-file", "a rule file holds no document";
    ContextMisspelling = "TL0125", Warning, "context-misspelling", "a conduit, zone or chain names a role, tag or protocol that nothing has, but something similar does";
    IndicatorRefused = "TL0130", Warning, "indicator-refused", "an indicator cannot be looked for, or would match nearly everything, and was left out";
    IndicatorDoubtful = "TL0131", Warning, "indicator-doubtful", "an indicator is looked for, but may not be what its list means";
    // Conventions.
    ConventionTitle = "TL0201", Warning, "convention-title", "a title breaks SigmaHQ's title convention";
    ConventionFile = "TL0202", Warning, "convention-file", "a file name breaks SigmaHQ's file name convention";
    ConventionField = "TL0203", Warning, "convention-field", "a metadata field that SigmaHQ's rule convention asks for is absent or malformed";
    ConventionTag = "TL0204", Warning, "convention-tag", "a tag is in a namespace, or names a technique, that the specification does not know";
    ConventionThem = "TL0205", Warning, "convention-them", "`all of them` leaves no room for a filter";
    ConventionEscape = "TL0206", Warning, "convention-escape", "a value writes a wildcard or an escape that a modifier would say better";
}

impl Code {
    /// True for conventions (`TL02xx`), which are only looked at when the caller asks for them.
    #[must_use]
    pub const fn is_convention(self) -> bool {
        self as u16 >= Self::ConventionTitle as u16
    }
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for Code {
    type Err = ();

    /// Finds a code by its number (`TL0010`) or its name (`unknown-modifier`), in any case.
    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL
            .iter()
            .copied()
            .find(|code| code.as_str().eq_ignore_ascii_case(text) || code.name().eq_ignore_ascii_case(text))
            .ok_or(())
    }
}

impl Serialize for Code {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
