//! YAML in the forms in which rule files come, and those that are meant to hurt.

use super::*;

fn documents_of(text: &str) -> (Vec<String>, Vec<(Code, u32)>) {
    read_with(text, &Limits::DEFAULT)
}

/// Documents as JSON, and the codes of faults with their lines.
fn read_with(text: &str, limits: &Limits) -> (Vec<String>, Vec<(Code, u32)>) {
    let (nodes, told) = read(&Source::new(None, text), limits);
    let nodes = nodes.iter().map(|node| node.to_json().to_string()).collect();
    (nodes, told.iter().map(|told| (told.code, told.line)).collect())
}

#[test]
fn streams_are_cut_into_their_documents() {
    for (text, documents) in [
        ("a: 1\n---\nb: 2\n", vec![r#"{"a":1}"#, r#"{"b":2}"#]),
        ("---\na: 1\n...\n---\nb: 2\n...\n", vec![r#"{"a":1}"#, r#"{"b":2}"#]),
        ("a: 1\n...\nb: 2\n", vec![r#"{"a":1}"#, r#"{"b":2}"#]),
        ("%YAML 1.2\n---\na: 1\n...\n%YAML 1.2\n---\nb: 2\n", vec![r#"{"a":1}"#, r#"{"b":2}"#]),
        ("\u{feff}a: 1\n", vec![r#"{"a":1}"#]),
        ("\u{feff}---\r\na: 1\r\n---\r\nb: 2\r\n", vec![r#"{"a":1}"#, r#"{"b":2}"#]),
        ("\u{feff}# c\n---\na: 1\n", vec![r#"{"a":1}"#]),
        ("--- {a: 1}\n--- # comment\nb: 2", vec![r#"{"a":1}"#, r#"{"b":2}"#]),
        ("a: |\n  x\n  ---\n  y\n---\nb: 2", vec![r#"{"a":"x\n---\ny\n"}"#, r#"{"b":2}"#]),
        ("a: ---\nb: '--- x'\n", vec![r#"{"a":"---","b":"--- x"}"#]),
        ("", vec![]),
        ("\u{feff}", vec![]),
        ("# nothing\n\n  # at all\n", vec![]),
        ("---\n---\n...\n---\n# x\n", vec![]),
        ("---\n~\n---\na: 1", vec![r#"{"a":1}"#]),
    ] {
        assert_eq!(documents_of(text), (documents.into_iter().map(str::to_owned).collect(), vec![]), "{text:?}");
    }
}

#[test]
fn a_broken_document_hides_no_other() {
    let (documents, told) = documents_of("a: 1\n---\nb: [1\n---\nc: 'x\n...\nd: 2\n---\ne: {f: 1, f: 2}\n");
    assert_eq!(documents, [r#"{"a":1}"#, r#"{"d":2}"#]);
    let codes: Vec<_> = told.iter().map(|(code, _)| *code).collect();
    assert_eq!(codes, [Code::YamlSyntax, Code::YamlSyntax, Code::DuplicateKey]);
    assert_eq!(told.last(), Some(&(Code::DuplicateKey, 9)));
}

#[test]
fn aliases_and_merge_keys_are_followed() {
    for (text, document) in [
        ("a: &x [1, 2]\nb: *x", r#"{"a":[1,2],"b":[1,2]}"#),
        ("a: &x {p: 1, q: 2}\nb: {<<: *x, q: 3}", r#"{"a":{"p":1,"q":2},"b":{"p":1,"q":3}}"#),
        (
            "a: &x {p: 1}\nb: &y {p: 2, q: 2}\nc: {<<: [*x, *y], r: 3}",
            r#"{"a":{"p":1},"b":{"p":2,"q":2},"c":{"p":1,"q":2,"r":3}}"#,
        ),
        ("a: {'<<': 1}", r#"{"a":{"<<":1}}"#),
        ("&k a: 1\nb: *k", r#"{"a":1,"b":"a"}"#),
        ("a: !!str 5\nb: !x y", r#"{"a":5,"b":"y"}"#),
    ] {
        assert_eq!(documents_of(text), (vec![document.to_owned()], vec![]), "{text:?}");
    }
    assert_eq!(documents_of("a: {<<: 1}").1, [(Code::WrongType, 1)]);
    assert_eq!(documents_of("a: &x [*x]").1, [(Code::YamlSyntax, 1)]);
    assert_eq!(documents_of("a: *nobody").1, [(Code::YamlSyntax, 1)]);
}

#[test]
fn keys_are_texts_as_they_are_written() {
    for (text, document) in [
        ("1: a\n'2': b\n\"x y\": c\nno: d\n? z\n: e", r#"{"1":"a","2":"b","x y":"c","no":"d","z":"e"}"#),
        ("0x10: a\n1.0: b", r#"{"0x10":"a","1.0":"b"}"#),
    ] {
        assert_eq!(documents_of(text), (vec![document.to_owned()], vec![]), "{text:?}");
    }
    assert_eq!(documents_of("[a, b]: c").1, [(Code::WrongType, 1)]);
    assert_eq!(documents_of("a: 1\n'a': 2").1, [(Code::DuplicateKey, 2)]);
    assert_eq!(documents_of("~: 1\n~: 2").1, [(Code::DuplicateKey, 2)]);
}

#[test]
fn what_is_meant_to_hurt_meets_a_limit() {
    let small = Limits { yaml_nodes_max: 100, yaml_aliases_max: 10, yaml_bytes_max: 10_000, ..Limits::DEFAULT };
    let bomb = "a: &a [x, x, x, x]\nb: &b [*a, *a, *a, *a]\nc: &c [*b, *b, *b, *b]\nd: [*c, *c]";
    assert_eq!(read_with(bomb, &Limits { yaml_aliases_max: 100, ..small }).1, [(Code::YamlLimit, 3)]);
    let many = format!("a: &a x\nb: [{}]", "*a, ".repeat(11));
    assert_eq!(read_with(&many, &small).1, [(Code::YamlLimit, 2)]);
    let merged = format!("a: &a {{k: v}}\nb: {{{}}}", "<<: *a, ".repeat(11));
    assert_eq!(read_with(&merged, &small).1[0].0, Code::DuplicateKey);
    assert_eq!(read_with(&format!("[{}]", "x, ".repeat(101)), &small).1, [(Code::YamlLimit, 1)]);
    assert_eq!(read_with(&"x".repeat(10_001), &small).1, [(Code::YamlLimit, 0)]);
    for deep in ["[".repeat(100_000), "- ".repeat(100_000), "{a: ".repeat(100_000), "? ".repeat(100_000)] {
        let codes: Vec<_> = documents_of(&deep).1.into_iter().map(|(code, _)| code).collect();
        assert!(matches!(codes.as_slice(), [Code::YamlLimit | Code::YamlSyntax]), "{codes:?}");
    }
    let levels = |count: usize| "[".repeat(count) + &"]".repeat(count);
    assert_eq!(documents_of(&levels(64)).1, []);
    assert_eq!(documents_of(&levels(65)).1, [(Code::YamlLimit, 1)]);
}

#[test]
fn odd_characters_are_taken_or_told() {
    assert_eq!(documents_of("a: x\u{0}y\n").1, [(Code::YamlSyntax, 1)]);
    assert_eq!(documents_of("a:\n\t- b\n").1, [(Code::YamlSyntax, 2)]);
    let (documents, told) = documents_of("a: 9999999999999999999999999999999999999999999\nb: 1e999\nc: -0x1\n");
    assert_eq!(told, []);
    assert_eq!(documents, [r#"{"a":1e+43,"b":"1e999","c":"-0x1"}"#]);
}
