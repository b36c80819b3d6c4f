//! The modifiers that may follow a field name, one row each.
//!
//! ```text
//! CommandLine|windash|contains|all: ...
//!             └─────── three rows of the table below
//! ```
//!
//! What a modifier does to a value is said in `check/lower`; here are only their names.

macro_rules! modifiers {
    ($($ident:ident = $name:literal, $portable:literal, $meaning:literal;)*) => {
        /// A value modifier.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub(crate) enum Modifier { $(#[doc = $meaning] $ident,)* }

        impl Modifier {
            pub(crate) const ALL: &'static [Modifier] = &[$(Modifier::$ident,)*];

            /// The name as it is written in rules.
            pub(crate) const fn name(self) -> &'static str { match self { $(Modifier::$ident => $name,)* } }

            /// Whether the specification 2.1.0 defines it, so that other tools know it too.
            pub(crate) const fn is_portable(self) -> bool { match self { $(Modifier::$ident => $portable,)* } }
        }
    };
}

modifiers! {
    All = "all", true, "every value must match, not just one";
    Contains = "contains", true, "the value stands anywhere in the field";
    StartsWith = "startswith", true, "the field begins with the value";
    EndsWith = "endswith", true, "the field ends with the value";
    Exists = "exists", true, "the field is there, or is not";
    Cased = "cased", true, "upper and lower case differ";
    Neq = "neq", true, "none of the values matches";
    Windash = "windash", true, "a dash that begins a word stands for all five dashes";
    Re = "re", true, "the value is a regular expression";
    Insensitive = "i", true, "the regular expression ignores case";
    Multiline = "m", true, "`^` and `$` match at line ends";
    DotAll = "s", true, "`.` matches line ends";
    Base64 = "base64", true, "the value is encoded with Base64";
    Base64Offset = "base64offset", true, "the value stands anywhere in Base64-encoded data";
    Utf16Le = "utf16le", true, "the value is encoded as UTF-16, little endian";
    Utf16Be = "utf16be", true, "the value is encoded as UTF-16, big endian";
    Utf16 = "utf16", true, "the value is encoded as UTF-16 with a byte order mark";
    Wide = "wide", true, "another name for `utf16le`";
    Lt = "lt", true, "less than";
    Lte = "lte", true, "less than or equal to";
    Gt = "gt", true, "greater than";
    Gte = "gte", true, "greater than or equal to";
    Minute = "minute", true, "the minute of a time";
    Hour = "hour", true, "the hour of a time";
    Day = "day", true, "the day of the month of a time";
    Week = "week", true, "the ISO week of a time";
    Month = "month", true, "the month of a time";
    Year = "year", true, "the year of a time";
    Cidr = "cidr", true, "the field is an address in the network";
    Expand = "expand", true, "placeholders between percent signs are replaced by lists";
    FieldRef = "fieldref", true, "the value names another field";
}

impl Modifier {
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|modifier| modifier.name() == name)
    }
}
