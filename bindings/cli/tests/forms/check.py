"""Checks every form in which incidents are written by the public schema of that form, or by a program that reads it.

    check.py FOLDER...      each with files NAME.ndjson, NAME.ocsf, NAME.ocsf-detections, NAME.ecs, NAME.stix,
                            NAME.graphml, NAME.dot and NAME.json-graph of the same incidents

| form | checked by |
|---|---|
| ndjson | core/incident.schema.json, which is ours |
| ocsf, ocsf-detections | the schema of OCSF 1.6, 1.7 and 1.8 (ocsf-json-schema), with its constraints |
| ecs | the types of ECS 8.11 (@elastic/ecs), compiled by tsc |
| stix | the validator of OASIS (stix2-validator), stix2, and for Attack Flow a schema of ours after its specification |
| graphml, json-graph, dot | networkx and pydot: the same nodes and edges in each |
"""

import json
import pathlib
import subprocess
import sys
from collections import Counter

import jsonschema
import networkx
import pydot
import stix2
import stix2validator
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parents[3]
OCSF_VERSIONS = ["1.6.0", "1.7.0", "1.8.0"]
EXTENSION = "extension-definition--fb9c968a-745b-4ade-9b25-c324172197f4"


def lines(path: pathlib.Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]


def first_error(validator: jsonschema.protocols.Validator, record: dict) -> str | None:
    error = jsonschema.exceptions.best_match(validator.iter_errors(record))
    return error and f"{error.json_path}: {error.message[:300]}"


def check_ndjson(path: pathlib.Path) -> int:
    schema = json.loads((ROOT / "core/incident.schema.json").read_text())
    validator = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
    return sum(require(path, first_error(validator, record)) for record in lines(path))


def require(path: pathlib.Path, error: str | None) -> int:
    if error:
        sys.exit(f"{path}: {error}")
    return 1


class Ocsf:
    """The schema of a version: what JSON Schema says, and the constraints (at least one, just one) that it leaves out."""

    def __init__(self, version: str) -> None:
        self.raw = get_ocsf_schema(version)
        self.schema = OcsfJsonSchemaEmbedded(get_ocsf_schema(version))
        self.validators: dict[str, jsonschema.protocols.Validator] = {}

    def error(self, record: dict) -> str | None:
        name = self.schema.lookup_class_name_from_uid(record["class_uid"])
        if name not in self.validators:
            schema = self.schema.get_class_schema(name, record["metadata"]["profiles"])
            self.validators[name] = jsonschema.Draft202012Validator(schema)
        if record["type_uid"] != record["class_uid"] * 100 + record["activity_id"]:
            return "type_uid is not made of class_uid and activity_id"
        return first_error(self.validators[name], record) or self.constraint(record, self.raw["classes"][name], name)

    def constraint(self, record: dict, entity: dict, place: str) -> str | None:
        for kind, names in (entity.get("constraints") or {}).items():
            count = sum(name in record for name in names)
            if count < 1 or (kind == "just_one" and count > 1):
                return f"{place}: {kind} of {names}"
        for name, value in record.items():
            of = entity["attributes"].get(name, {}).get("object_type")
            if of is None or of == "object":
                continue
            for member in value if isinstance(value, list) else [value]:
                error = self.constraint(member, self.raw["objects"][of], f"{place}.{name}")
                if error:
                    return error
        return None


def check_ocsf(path: pathlib.Path, versions: dict[str, Ocsf]) -> int:
    records = lines(path)
    for version, schema in versions.items():
        for record in records:
            error = schema.error(record)
            require(path, error and f"OCSF {version}: {error}")
    return len(records)


def check_ecs(paths: list[pathlib.Path], modules: pathlib.Path) -> int:
    count = 0
    text = "import type { Ecs } from '@elastic/ecs/generated';\n"
    for number, path in enumerate(paths):
        documents = lines(path)
        for document in documents:
            # Of our own; ECS leaves names of others alone.
            assert document.pop("tieline")["incident"]["id"] is not None
        count += len(documents)
        text += f"// {path.name}\nexport const all{number}: Ecs[] = {json.dumps(documents, indent=1)};\n"
    (modules / "documents.ts").write_text(text)
    tsc = ["node_modules/.bin/tsc", "--noEmit", "--strict", "--skipLibCheck", "documents.ts"]
    ran = subprocess.run(tsc, cwd=modules, capture_output=True, text=True, check=False)
    if ran.returncode:
        sys.exit(f"ecs: {ran.stdout[:2000]}")
    return count


def check_stix(path: pathlib.Path) -> int:
    text = path.read_text(encoding="utf-8")
    bundle = json.loads(text)
    options = stix2validator.ValidationOptions(version="2.1")
    result = stix2validator.validate_string(text, options)
    if not result.is_valid:
        sys.exit(f"{path}: {[str(error) for own in result.object_results for error in own.errors][:5]}{result.errors}")
    flow = jsonschema.Draft202012Validator(json.loads((HERE / "attack-flow.schema.json").read_text()))
    by_id = {own["id"]: own for own in bundle["objects"]}
    for own in bundle["objects"]:
        if EXTENSION in own.get("extensions", {}):
            require(path, first_error(flow, own))
        parsed = stix2.parse(own, allow_custom=True, version="2.1")
        assert parsed["id"] == own["id"]
        if own["type"] in {"ipv4-addr", "ipv6-addr", "user-account", "file", "domain-name"}:
            made = type(parsed)(**{name: value for name, value in own.items() if name not in {"id", "type", "spec_version"}})
            require(path, None if made["id"] == own["id"] else f"{own} should have the id {made['id']}")
        refs = [own[name] for name in own if name.endswith("_ref")]
        refs += [ref for name in own if name.endswith("_refs") for ref in own[name]]
        missing = [ref for ref in refs if ref not in by_id]
        require(path, f"{own['id']} refers to {missing}" if missing else None)
    return len(by_id)


def check_graphs(graphml: pathlib.Path) -> int:
    base = graphml.with_suffix("")
    xml = networkx.read_graphml(graphml)
    node_link = json.loads(base.with_suffix(".json-graph").read_text(encoding="utf-8"))
    graph = networkx.node_link_graph(node_link, edges="edges")
    (dot,) = pydot.graph_from_dot_file(base.with_suffix(".dot"), encoding="utf-8")
    drawn = [node for part in [dot, *dot.get_subgraphs()] for node in part.get_nodes()]
    drawn = [node for node in drawn if node.get_name() not in {"node", "edge"}]
    sizes = {
        "graphml": (xml.number_of_nodes(), xml.number_of_edges()),
        "json-graph": (graph.number_of_nodes(), graph.number_of_edges()),
        "dot": (len(drawn), len(dot.get_edges())),
    }
    require(graphml, None if len(set(sizes.values())) == 1 else str(sizes))
    labels = {
        "graphml": Counter(legal(label) for _, label in xml.nodes(data="label")),
        "json-graph": Counter(legal(label) for _, label in graph.nodes(data="label")),
    }
    require(graphml, None if labels["graphml"] == labels["json-graph"] else str(labels))
    return xml.number_of_nodes()


def legal(text: str) -> str:
    """What XML can hold of a text: it has no place for most control characters, and one kind of line end."""
    kept = (own if own >= " " and own not in "\ufffe\uffff" or own in "\t\n" else "\ufffd" for own in text.replace("\r\n", "\n"))
    return "".join(kept)


def main(modules: str, folders: list[str]) -> None:
    paths = [path for folder in folders for path in sorted(pathlib.Path(folder).iterdir())]
    of = {form: [path for path in paths if path.name.endswith(f".{form}")] for form in
          ["ndjson", "ocsf", "ocsf-detections", "ecs", "stix", "graphml"]}
    assert all(of.values()), {form: len(own) for form, own in of.items()}
    versions = {version: Ocsf(version) for version in OCSF_VERSIONS}
    counts = {
        "incidents by our schema": sum(map(check_ndjson, of["ndjson"])),
        "OCSF records": sum(check_ocsf(path, versions) for path in of["ocsf"] + of["ocsf-detections"]),
        "ECS documents": check_ecs(of["ecs"], pathlib.Path(modules)),
        "STIX objects": sum(map(check_stix, of["stix"])),
        "nodes in three graphs": sum(map(check_graphs, of["graphml"])),
    }
    print(", ".join(f"{count} {what}" for what, count in counts.items()), "checked")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
