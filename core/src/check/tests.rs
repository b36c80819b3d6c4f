//! What rule files come to: diagnostics as data, limits, and small helpers that other tests share.

use super::{LintOptions, Options, Pack, check};
use crate::diagnostic::{Code, Source};
use crate::syntax;

/// Reads and checks one text with the default options.
pub(super) fn pack(text: &str) -> Pack {
    pack_with(text, &Options::default())
}

pub(super) fn pack_with(text: &str, options: &Options) -> Pack {
    let source = Source::new(None, text);
    let (documents, mut diagnostics) = syntax::parse(&source, &options.limits);
    let mut pack = check(&documents, options);
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
    Code::TooManyValues,
    Code::PipelineSyntax,
    Code::TransformationUnknown,
    Code::TransformationUnsupported,
    Code::PipelineParameter,
    Code::PipelineFailure,
    Code::PipelineConditionUnknown,
    Code::PipelineLimit,
    Code::ProgramLimit,
    Code::PipelineUnused,
];

/// All that is told about a rule file, as people see it.
fn rendered(name: &str, text: String) -> (String, Vec<Code>) {
    let lint = LintOptions { conventions: name.to_lowercase().starts_with("tl02") };
    let options = Options { lint, ..Options::default() };
    let source = Source::new(Some(name), text);
    let (documents, mut diagnostics) = syntax::parse(&source, &options.limits);
    diagnostics.extend(check(&documents, &options).diagnostics);
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
