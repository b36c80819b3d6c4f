//! The modifiers that may follow a field name, one row each.
//!
//! ```text
//! CommandLine|windash|contains|all: ...
//!             └─────── three rows of the table below
//! ```
//!
//! What a modifier does to a value is said in `check/lower`; here are only their names.

macro_rules! modifiers {
    ($($ident:ident = $name:literal, $meaning:literal;)*) => {
        /// A value modifier.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub(crate) enum Modifier { $(#[doc = $meaning] $ident,)* }

        impl Modifier {
            pub(crate) const ALL: &'static [Modifier] = &[$(Modifier::$ident,)*];

            /// The name as it is written in rules.
            pub(crate) const fn name(self) -> &'static str { match self { $(Modifier::$ident => $name,)* } }
        }
    };
}

modifiers! {
    All = "all", "every value must match, not just one";
    Contains = "contains", "the value stands anywhere in the field";
    StartsWith = "startswith", "the field begins with the value";
    EndsWith = "endswith", "the field ends with the value";
    Exists = "exists", "the field is there, or is not";
    Cased = "cased", "upper and lower case differ";
    Neq = "neq", "none of the values matches";
    Windash = "windash", "a dash that begins a word stands for all five dashes";
    Re = "re", "the value is a regular expression";
    Insensitive = "i", "the regular expression ignores case";
    Multiline = "m", "`^` and `$` match at line ends";
    DotAll = "s", "`.` matches line ends";
    Base64 = "base64", "the value is encoded with Base64";
    Base64Offset = "base64offset", "the value stands anywhere in Base64-encoded data";
    Utf16Le = "utf16le", "the value is encoded as UTF-16, little endian";
    Utf16Be = "utf16be", "the value is encoded as UTF-16, big endian";
    Utf16 = "utf16", "the value is encoded as UTF-16 with a byte order mark";
    Wide = "wide", "another name for `utf16le`";
    Lt = "lt", "less than";
    Lte = "lte", "less than or equal to";
    Gt = "gt", "greater than";
    Gte = "gte", "greater than or equal to";
    Bits = "bits", "all bits of the value are set in the field's number";
    Minute = "minute", "the minute of a time";
    Hour = "hour", "the hour of a time";
    Day = "day", "the day of the month of a time";
    Week = "week", "the ISO week of a time";
    Month = "month", "the month of a time";
    Year = "year", "the year of a time";
    Cidr = "cidr", "the field is an address in the network";
    Expand = "expand", "placeholders between percent signs are replaced by lists";
    FieldRef = "fieldref", "the value names another field";
}

impl Modifier {
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        // pySigma knows the flags of `re` by their long names too.
        match name {
            "ignorecase" => Some(Self::Insensitive),
            "multiline" => Some(Self::Multiline),
            "dotall" => Some(Self::DotAll),
            _ => Self::ALL.iter().copied().find(|modifier| modifier.name() == name),
        }
    }
}
