//! What rule files come to: diagnostics as data, limits, and small helpers that other tests share.

use super::{LintOptions, Options, Pack, check};
use crate::config::Limits;
use crate::diagnostic::{Code, Disabled, Source};
use crate::syntax;
use crate::text::Texts;

/// Reads and checks one text with the default options.
pub(super) fn pack(text: &str) -> Pack {
    pack_with(text, &Options::default())
}

pub(super) fn pack_with(text: &str, options: &Options) -> Pack {
    let source = Source::new(None, text);
    let (documents, mut diagnostics) = syntax::parse(&source, &options.limits);
    let mut pack = check(documents, options);
    diagnostics.append(&mut pack.diagnostics);
    Pack { diagnostics, ..pack }
}

/// The codes of all that was told, in order.
pub(super) fn codes(pack: &Pack) -> Vec<Code> {
    pack.diagnostics.iter().map(|told| told.code).collect()
}

/// Codes that no rule text alone can raise: they are about files, pipelines and programs.
const RAISED_ELSEWHERE: &[Code] = &[
    Code::NotUtf8,
    Code::UnreadableFile,
    Code::RegexTooLarge,
    Code::PipelineSyntax,
    Code::TransformationUnknown,
    Code::TransformationUnsupported,
    Code::PipelineParameter,
    Code::PipelineFailure,
    Code::PipelineConditionUnknown,
    Code::PipelineLimit,
    Code::ProgramLimit,
    Code::TaxonomySyntax,
    Code::ContextSyntax,
    Code::ContextContradiction,
    Code::ContextMisspelling,
    Code::PipelineUnused,
    Code::IndicatorList,
    Code::IndicatorFields,
    Code::IndicatorRefused,
    Code::IndicatorDoubtful,
];

/// All that is told about a rule file, as people see it.
fn rendered(name: &str, text: String) -> (String, Vec<Code>) {
    let lint = LintOptions { conventions: name.to_lowercase().starts_with("tl02") };
    let options = Options { lint, ..Options::default() };
    let source = Source::new(Some(name), text);
    let (documents, mut diagnostics) = syntax::parse(&source, &options.limits);
    diagnostics.extend(check(documents, &options).diagnostics);
    let mut text = String::new();
    for told in &diagnostics {
        text += &told.render();
        text.push('\n');
    }
    (text, diagnostics.iter().map(|told| told.code).collect())
}

#[test]
fn every_diagnostic_reads_as_it_is_filed() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/diagnostics");
    let update = std::env::var_os("UPDATE_EXPECT").is_some();
    let mut raised: Vec<Code> = RAISED_ELSEWHERE.to_vec();
    let mut paths: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths.iter().filter(|path| path.extension().is_some_and(|extension| extension == "yml")) {
        let name = path.file_name().unwrap().to_str().unwrap();
        let (text, codes) = rendered(name, std::fs::read_to_string(path).unwrap());
        if let Some(code) = name.get(..6).and_then(|code| code.parse::<Code>().ok()) {
            assert!(codes.contains(&code), "{name} does not raise its code");
        }
        raised.extend(codes);
        let expected = path.with_extension("txt");
        if update {
            std::fs::write(&expected, &text).unwrap();
        }
        let filed = std::fs::read_to_string(&expected).unwrap_or_default();
        assert_eq!(text, filed, "{name}: look at it, then run with UPDATE_EXPECT=1");
    }
    let missing: Vec<_> = Code::ALL.iter().filter(|code| !raised.contains(code)).collect();
    assert!(missing.is_empty(), "no file in tests/data/diagnostics raises {missing:?}");
}

/// A rule with one selection and a condition.
fn rule(selection: &str, condition: &str) -> String {
    format!("title: t\nlogsource: {{product: x}}\ndetection:\n  s: {selection}\n  condition: '{condition}'\n")
}

/// Each limit on rule text, a rule that just keeps it, and one that does not.
#[test]
fn every_limit_on_rule_text_can_be_reached() {
    let base = Limits {
        yaml_bytes_max: 400,
        yaml_depth_max: 5,
        yaml_nodes_max: 60,
        yaml_aliases_max: 3,
        condition_chars_max: 40,
        condition_depth_max: 4,
        rule_values_max: 10,
        windash_places_max: 3,
        ..Limits::DEFAULT
    };
    let values = |count: usize| rule(&format!("{{f: [{}]}}", vec!["x"; count].join(", ")), "s");
    let aliases = |count: usize| rule(&format!("{{f: &a x, g: [{}]}}", vec!["*a"; count].join(", ")), "s");
    let padded = |bytes: usize| {
        let rule = rule("{f: x}", "s");
        let rest = bytes - rule.len();
        format!("{rule}{}\n", "#".repeat(rest - 1))
    };
    let cases = [
        (padded(400), padded(401), Code::YamlLimit),
        (rule("[{f: [x]}]", "s"), rule("[{f: [[x]]}]", "s"), Code::YamlLimit),
        (values(10), values(60), Code::YamlLimit),
        (aliases(3), aliases(4), Code::YamlLimit),
        (
            rule("{f: x}", &format!("s{}", " ".repeat(39))),
            rule("{f: x}", &format!("s{}", " ".repeat(40))),
            Code::ConditionLimit,
        ),
        (rule("{f: x}", "(((s)))"), rule("{f: x}", "((((s))))"), Code::ConditionLimit),
        (rule("{f: x}", "not not not s"), rule("{f: x}", "not not not not s"), Code::ConditionLimit),
        (values(10), values(11), Code::TooManyValues),
        (rule("{f|windash: '-a -b -c'}", "s"), rule("{f|windash: '-a -b -c -d'}", "s"), Code::WindashTooMany),
        (
            rule("{f|base64offset|contains: [aaa, bbb, ccc]}", "s"),
            rule("{f|base64offset|contains: [aaa, bbb, ccc, ddd]}", "s"),
            Code::TooManyValues,
        ),
        (rule("{f|windash|base64: '-a'}", "s"), rule("{f|windash|base64: '-a -b'}", "s"), Code::TooManyValues),
        (rule("{f|expand: '%a%%b%'}", "s"), rule("{f|expand: '%a%%a%'}", "s"), Code::TooManyValues),
    ];
    let lists = [("a", 4), ("b", 2)].map(|(name, count)| (name.to_owned(), Texts::from_iter(vec!["x"; count])));
    let options = Options { limits: base, placeholders: lists.into(), ..Options::default() };
    for (kept, broken, code) in cases {
        let errors = |text: &str| -> Vec<Code> {
            let told = pack_with(text, &options).diagnostics;
            told.iter().filter(|told| told.is_error()).map(|told| told.code).collect()
        };
        assert_eq!(errors(&kept), [], "{kept}");
        assert_eq!(errors(&broken), [code], "{broken}");
    }
}

#[test]
fn what_an_author_wrote_makes_no_message_endless() {
    let long = "x".repeat(100_000);
    for text in [
        format!("title: {long}\n{}", rule("{f|startwith: x}", "s").replace("title: t\n", "")),
        rule(&format!("{{f|cidr: '{long}'}}"), "s"),
        rule(&format!("{{f|{long}: x}}"), "s"),
        rule("{f: x}", long.get(..60_000).unwrap()),
        rule(&format!("{{f|re: '({long})*'}}"), "s"),
        rule(&format!("{{f|re: '{long}'}}"), "s"),
        rule(&format!("{{f: [{long}, {long}]}}"), "s"),
        format!("{long}: 1\n{long}: 2\n"),
    ] {
        let told = pack(&text).diagnostics;
        assert!(!told.is_empty());
        for told in told {
            assert!(told.render().len() < 2_500, "{}", told.render());
        }
    }
}

#[test]
fn a_caller_may_switch_warnings_off() {
    let text = rule("{f: [a, A], g|startwith: x}", "s") + "---\n" + &rule("{f: [a, A]}", "s");
    let options =
        Options { disabled: Disabled::new([Code::DuplicateValue, Code::UnknownModifier]), ..Options::default() };
    assert_eq!(codes(&pack(&text)), [Code::UnknownModifier, Code::DuplicateValue]);
    assert_eq!(codes(&pack_with(&text, &options)), [Code::UnknownModifier]);
}
