//! Items as they are written against the tests they become.

use crate::check::tests::{codes, pack};
use crate::check::{Body, Item, Join, Test};
use crate::diagnostic::Code;

fn rule(selection: &str) -> String {
    format!("title: t\nlogsource: {{product: x}}\ndetection:\n  s:\n    {selection}\n  condition: s\n")
}

/// The one item of the selection, in a short form.
fn lowered(selection: &str) -> Result<String, Vec<Code>> {
    let pack = pack(&rule(selection));
    let Some(rule) = pack.rules.first() else { return Err(codes(&pack)) };
    let mut shown = Vec::new();
    rule.each_item(&mut |item| shown.push(show(item)));
    Ok(shown.join(" & "))
}

fn show(item: &Item) -> String {
    let sign = if item.negated { "!" } else { "" };
    let join = if item.join == Join::All { "all" } else { "any" };
    let tests: Vec<_> = item.tests.iter().map(show_test).collect();
    let field = item.field.as_deref().unwrap_or("keyword");
    match tests.as_slice() {
        [one] => format!("{sign}{field} {one}"),
        _ => format!("{sign}{field} {join} of {}", tests.join(", ")),
    }
}

fn show_test(test: &Test) -> String {
    match test {
        Test::Text(pattern) if pattern.cased => format!("cased {}", pattern.written()),
        Test::Text(pattern) => format!("text {}", pattern.written()),
        Test::Number(number) => format!("number {number}"),
        Test::Bool(value) => format!("bool {value}"),
        Test::Null => "null".to_owned(),
        Test::Exists(wanted) => format!("exists {wanted}"),
        Test::Regex(regex) => {
            let flags = [(regex.insensitive, 'i'), (regex.multiline, 'm'), (regex.dot_all, 's')];
            let flags: String = flags.iter().filter(|(set, _)| *set).map(|(_, flag)| *flag).collect();
            format!("re {}/{flags}", regex.pattern)
        }
        Test::Cidr(network) => format!("cidr {network}"),
        Test::Compare(relation, number) => format!("{} {number}", relation.sign()),
        Test::Bits(bits) => format!("bits {bits:#04x}"),
        Test::Time(part, relation, number) => format!("{} {} {number}", part.name(), relation.sign()),
        Test::FieldRef(reference) => format!("field {} {:?} {}", reference.field, reference.anchor, reference.cased),
        Test::AnyOf(tests) => tests.iter().map(show_test).collect::<Vec<_>>().join(" or "),
        list => {
            let tests = list.listed().into_iter().flatten();
            tests.map(|test| show_test(&test)).collect::<Vec<_>>().join(" or ")
        }
    }
}

#[test]
fn modifiers_make_tests_of_values_in_any_sensible_order() {
    for (selection, tests) in [
        ("f: a*b", "f text a*b"),
        ("f: [4624, 'x', true]", "f any of number 4624, text x, bool true"),
        ("f:", "f null"),
        ("f: ''", "f text "),
        ("f: 0x10", "f number 16"),
        ("f: '4624'", "f text 4624"),
        ("4624: x", "4624 text x"),
        ("'f x|contains': a", "f x text *a*"),
        ("f|contains|cased|all: [a, b]", "f all of cased *a*, cased *b*"),
        ("f|all|cased|contains: [a, b]", "f all of cased *a*, cased *b*"),
        ("f|all|contains: [a, b]", "f all of text *a*, text *b*"),
        ("f|contains: 5", "f text *5*"),
        ("f|startswith: a*b", "f text a*b*"),
        ("f|endswith: '*a'", "f text *a"),
        ("f|neq: a", "!f text a"),
        ("f|neq|contains|all: [a, b]", "!f all of text *a*, text *b*"),
        ("f|cidr|neq: 10.0.0.0/8", "!f cidr 10.0.0.0/8"),
        ("f|re|i|neq: a.b", "!f re a.b/i"),
        ("f|neq|re|m|s|i: a.b", "!f re a.b/ims"),
        ("f|neq:", "!f null"),
        ("f|re|contains: a", "f re a/"),
        ("f|re|startswith: a|b", r"f re \A(?:a|b)/"),
        ("f|re|endswith|i: a|b", r"f re (?:a|b)\z/i"),
        ("f|re|startswith: a*|b*", r"f re \A(?:a*|b*)/"),
        ("f|re|ignorecase|multiline|dotall: a", "f re a/ims"),
        ("f|re|cased: a", "f re a/"),
        ("f|cased|re: a", "f re a/"),
        ("f|re: 4624", "f re 4624/"),
        ("f|exists: true", "f exists true"),
        ("f|exists|neq: no", "modifier-value"),
        ("f|gte: 5", "f >= 5"),
        ("f|lt|neq: -5.5", "!f < -5.5"),
        ("f|bits: 0x0c", "f bits 0x0c"),
        ("f|bits: 12", "f bits 0x0c"),
        ("f|bits|all|neq: [4.0, 9223372036854775807]", "!f all of bits 0x04, bits 0x7fffffffffffffff"),
        ("f|hour: 5", "f hour = 5"),
        ("f|hour|gte: 5", "f hour >= 5"),
        ("f|gte|hour: 5", "f hour >= 5"),
        ("f|neq|week|lt: 5", "!f week < 5"),
        ("f|fieldref: g", "f field g Whole false"),
        ("f|fieldref|contains|neq: g", "!f field g Anywhere false"),
        ("f|fieldref|startswith|cased: g", "f field g Start true"),
        ("f|cased|fieldref|endswith: g", "f field g End true"),
        ("f|cidr: 10.1.2.3", "f cidr 10.1.2.3/32"),
        ("f|cidr: '::ffff:10.0.0.0/104'", "f cidr 10.0.0.0/8"),
        ("f|cidr: '2001:db8::/32'", "f cidr 2001:db8::/32"),
        ("f|base64: foobar", "f text Zm9vYmFy"),
        ("f|wide|base64: ab", "f text YQBiAA=="),
        ("f|utf16le|base64: ab", "f text YQBiAA=="),
        ("f|utf16be|base64: ab", "f text AGEAYg=="),
        ("f|utf16|base64: ab", "f text //5hAGIA"),
        ("f|base64offset|contains: foobar", "f text *Zm9vYmFy* or text *Zvb2Jhc* or text *mb29iYX*"),
        (r"f|base64: 'a\*b'", "f text YSpi"),
        ("f|windash|contains: '-a b-c /d'", "f text *-a b-c -d*"),
        ("f|windash: '--a -'", "f text --a -"),
        ("[a, 5, True]", "keyword any of text *a*, text *5*, text *true*"),
        ("[4624.0, 1e3, 0x10]", "keyword any of text *4624*, text *1000*, text *16*"),
        ("f|endswith: 4624.0", "f text *4624"),
        ("foo", "keyword text *foo*"),
        ("'|all': [a, b*c]", "keyword all of text *a*, text *b*c*"),
        ("'|re': a.b", "keyword re a.b/"),
        ("'|cased': [a]", "keyword cased *a*"),
        ("'|startswith': a", "keyword text a*"),
        ("[{f: a}, {g: b, h: c}]", "f text a & g text b & h text c"),
        ("[{f: a}, x]", "f text a & keyword text *x*"),
        ("f|expand: 'x%who%*'", "f text x%who%*"),
        (r"f|expand|contains: '\%x%'", "f text *%x%*"),
        ("f: []", "f null"),
    ] {
        let shown = lowered(selection).unwrap_or_else(|codes| codes.iter().map(|code| code.name()).collect());
        assert_eq!(shown, tests, "{selection}");
    }
}

#[test]
fn what_a_modifier_cannot_take_sinks_the_rule() {
    use Code as C;
    for (selection, code) in [
        ("f|startwith: a", C::UnknownModifier),
        ("f|Contains: a", C::UnknownModifier),
        ("f|: a", C::UnknownModifier),
        ("f||contains: a", C::UnknownModifier),
        ("'|': a", C::UnknownModifier),
        ("f|contains|contains: a", C::ModifierConflict),
        ("f|contains|startswith: a", C::ModifierConflict),
        ("f|startswith|re|endswith: a", C::ModifierConflict),
        ("f|contains|re: a", C::ModifierConflict),
        ("f|windash|re: a", C::ModifierConflict),
        ("f|endswith|fieldref: g", C::ModifierConflict),
        ("f|windash|cidr: 10.0.0.0/8", C::ModifierConflict),
        ("f|re|i|cased: a", C::ModifierConflict),
        ("f|cased|re|i: a", C::ModifierConflict),
        ("f|i: a", C::ModifierConflict),
        ("f|i|re: a", C::ModifierConflict),
        ("f|gt|lt: 5", C::ModifierConflict),
        ("f|hour|minute: 5", C::ModifierConflict),
        ("f|hour|gte|lt: 5", C::ModifierConflict),
        ("f|bits|gt: 5", C::ModifierConflict),
        ("f|gt|bits: 5", C::ModifierConflict),
        ("f|hour|bits: 5", C::ModifierConflict),
        ("f|bits|hour: 5", C::ModifierConflict),
        ("f|bits|bits: 5", C::ModifierConflict),
        ("f|bits|contains: 5", C::ModifierConflict),
        ("f|contains|bits: 5", C::ModifierConflict),
        ("f|bits|cased: 5", C::ModifierConflict),
        ("f|bits|re: 5", C::ModifierConflict),
        ("f|re|bits: 5", C::ModifierConflict),
        ("f|bits|expand: 5", C::ModifierConflict),
        ("f|bits|exists: true", C::ModifierConflict),
        ("f|cidr|contains: 10.0.0.0/8", C::ModifierConflict),
        ("f|wide|contains: a", C::EncodingAlone),
        ("f|wide|contains|base64: a", C::ModifierConflict),
        ("f|startswith|cidr: 10.0.0.0/8", C::ModifierConflict),
        ("f|contains|exists: true", C::ModifierConflict),
        ("f|windash|re: '-a'", C::ModifierConflict),
        ("f|windash|fieldref: '-a'", C::ModifierConflict),
        ("f|exists|contains: true", C::ModifierConflict),
        ("'|exists': true", C::ModifierConflict),
        ("'|gt': 5", C::ModifierConflict),
        ("'|hour': 5", C::ModifierConflict),
        ("'|bits': 5", C::ModifierConflict),
        ("'|fieldref': g", C::ModifierConflict),
        ("f|exists: maybe", C::ModifierValue),
        ("f|exists: 1", C::ModifierValue),
        ("f|gt: '100'", C::ModifierValue),
        ("f|hour: '5'", C::ModifierValue),
        ("f|bits: '0x0c'", C::ModifierValue),
        ("f|bits: 0", C::ModifierValue),
        ("f|bits: -1", C::ModifierValue),
        ("f|bits: 1.5", C::ModifierValue),
        ("f|bits: 9223372036854775808", C::ModifierValue),
        ("f|bits: [1, 0]", C::ModifierValue),
        ("f|bits: true", C::ModifierValue),
        ("f|bits: 0xg", C::ModifierValue),
        ("f|bits: []", C::ModifierValue),
        ("f|bits:", C::ModifierValue),
        ("f|contains:", C::ModifierValue),
        ("f|base64: 5", C::ModifierValue),
        ("f|base64: a*b", C::ModifierValue),
        ("f|wide|base64: a?", C::ModifierValue),
        ("f|base64offset: a", C::ModifierValue),
        ("f|fieldref: 5", C::ModifierValue),
        ("f|fieldref: 'a*'", C::ModifierValue),
        ("f|fieldref: ''", C::ModifierValue),
        ("f|windash: 5", C::ModifierValue),
        ("'|all':", C::ModifierValue),
        ("f|wide: a", C::EncodingAlone),
        ("f|utf16: a", C::EncodingAlone),
        ("f|cidr: 10.0.0.0/33", C::BadCidr),
        ("f|cidr: 'fe80::1%eth0'", C::BadCidr),
        ("f|cidr: x", C::BadCidr),
        ("f|re: (?=a)", C::RegexUnsupported),
        ("f|re: (a", C::BadRegex),
        ("f|re|startswith: (a", C::BadRegex),
        ("f: [a, null]", C::NullInList),
        ("f: [a, ~]", C::NullInList),
        ("f: {g: a}", C::WrongType),
        ("f: [[a]]", C::WrongType),
        ("f: [{g: a}]", C::WrongType),
        ("[[a]]", C::WrongType),
        ("{}", C::EmptySelection),
        ("[]", C::EmptySelection),
        ("~", C::EmptySelection),
        ("[{f: a}, ~]", C::EmptySelection),
        ("[{}, {f: a}]", C::EmptySelection),
    ] {
        let told = lowered(selection).map_err(|codes| codes.last().copied());
        assert_eq!(told, Err(Some(code)), "{selection}");
    }
}

#[test]
fn selections_are_trees_of_and_and_or() {
    let pack = pack(&rule("[{f: a, g: b}, {h: c}]"));
    let body = &pack.rules[0].branches[0].selections[0].body;
    let Body::Any(parts) = body else { panic!("{body:?}") };
    assert!(matches!(parts.as_slice(), [Body::All(pair), Body::All(one)] if pair.len() == 2 && one.len() == 1));
}
