//! Checks a value against a JSON schema, as far as the shipped schemas go.
//!
//! It knows `$ref` within the schema, `type`, `const`, `enum`, `anyOf`, `required`, `properties`, `additionalProperties: false`, `items`,
//! `minimum`, `minItems` and `maxItems`; anything else in a schema is an error, so that no rule is passed over silently.

use serde_json::Value;

/// What is wrong, each with its place.
pub(crate) fn faults(schema: &Value, value: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    check(schema, schema, value, "", &mut faults);
    faults
}

fn check(root: &Value, schema: &Value, value: &Value, at: &str, faults: &mut Vec<String>) {
    for (key, rule) in schema.as_object().unwrap() {
        match key.as_str() {
            "$schema" | "$defs" | "title" | "description" | "properties" => {}
            "$ref" => {
                let place = rule.as_str().unwrap().strip_prefix('#').unwrap();
                check(root, root.pointer(place).unwrap_or_else(|| panic!("no {rule}")), value, at, faults);
            }
            "type" if !is_of(rule.as_str().unwrap(), value) => faults.push(format!("{at}: {value} is no {rule}")),
            "const" if rule != value => faults.push(format!("{at}: {value} is not {rule}")),
            "enum" if !rule.as_array().unwrap().contains(value) => {
                faults.push(format!("{at}: {value} is not of {rule}"))
            }
            "anyOf" => {
                let fits = |one: &Value| {
                    let mut own = Vec::new();
                    check(root, one, value, at, &mut own);
                    own.is_empty()
                };
                if !rule.as_array().unwrap().iter().any(fits) {
                    faults.push(format!("{at}: {value} is none of {rule}"));
                }
            }
            "required" => {
                let missing =
                    rule.as_array().unwrap().iter().filter(|name| value.get(name.as_str().unwrap()).is_none());
                faults.extend(missing.map(|name| format!("{at}: {name} is missing")));
            }
            "additionalProperties" => {
                let known = schema["properties"].as_object().unwrap();
                let more = value.as_object().into_iter().flatten().filter(|(name, _)| !known.contains_key(*name));
                faults.extend(more.map(|(name, _)| format!("{at}: {name} is not known")));
            }
            "items" => {
                for (number, item) in value.as_array().into_iter().flatten().enumerate() {
                    check(root, rule, item, &format!("{at}/{number}"), faults);
                }
            }
            "minimum" if value.as_f64() < rule.as_f64() => faults.push(format!("{at}: {value} is below {rule}")),
            "maxItems" if value.as_array().map(Vec::len) > rule.as_u64().map(|most| most as usize) => {
                faults.push(format!("{at}: more than {rule}"));
            }
            "minItems" if value.as_array().map(Vec::len) < rule.as_u64().map(|least| least as usize) => {
                faults.push(format!("{at}: fewer than {rule}"));
            }
            "type" | "const" | "enum" | "minimum" | "minItems" | "maxItems" => {}
            other => panic!("the schema has `{other}`"),
        }
    }
    for (name, rule) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        if let Some(own) = value.get(name) {
            check(root, rule, own, &format!("{at}/{name}"), faults);
        }
    }
}

fn is_of(kind: &str, value: &Value) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("the schema has the type `{other}`"),
    }
}

#[test]
fn it_finds_what_is_wrong() {
    let schema = serde_json::json!({
        "type": "object", "required": ["a"], "additionalProperties": false,
        "properties": {"a": {"type": "array", "maxItems": 1, "items": {"$ref": "#/$defs/n"}}, "b": {"anyOf": [{"const": 1}, {"enum": ["x"]}]}},
        "$defs": {"n": {"type": "integer", "minimum": 0}},
    });
    assert!(faults(&schema, &serde_json::json!({"a": [1], "b": "x"})).is_empty());
    for wrong in
        ["[]", r#"{"a": [1, 2]}"#, r#"{"a": [-1]}"#, r#"{"a": ["1"]}"#, r#"{"a": [], "c": 1}"#, r#"{"a": [], "b": 2}"#]
    {
        let value = serde_json::from_str(wrong).unwrap();
        assert!(!faults(&schema, &value).is_empty(), "{wrong}");
    }
}
