"""Every line of bounds.toml bounds something that exists."""

from fnmatch import fnmatchcase

import pytest

from openai_mock.spec import bounds
from openai_mock.spec.operations import load

CATALOGUE = load()
NUMBERS = {"min", "max"}
TEXTS = {"min_length", "max_length", "pattern"}
ARRAYS = {"min_items", "max_items"}


def schemas(name):
    """The bodies, queries and shared schemas that a name of a table stands for."""
    for operation in CATALOGUE.operations.values():
        if fnmatchcase(operation.name, name):
            yield from (CATALOGUE.bundle(schema) for schema in (operation.body, operation.query) if schema)
    for definition, schema in CATALOGUE.definitions.items():
        if fnmatchcase(definition, name):
            yield CATALOGUE.bundle(schema)


def reaches(name, path, facts):
    return sum(bounds.lay_line(schema, path, facts, schema.get("$defs", {})) for schema in schemas(name))


@pytest.mark.parametrize("table", bounds.tables(), ids=lambda table: table.names[0])
def test_every_line_hits_a_parameter_of_everything_its_table_names(table):
    assert table.source
    missed = [
        (name, path) for name in table.names for path, facts in table.lines.items() if not reaches(name, path, facts)
    ]
    assert missed == []


def kinds(schema, definitions):
    """The JSON types a schema takes."""
    for one in bounds._alternatives(schema, definitions):
        types = one.get("type", [])
        yield from [types] if isinstance(types, str) else types
        yield from ("string" for option in (one.get("const"), *one.get("enum", ())) if isinstance(option, str))


@pytest.mark.parametrize("table", [one for one in bounds.tables() if one.names != ("*",)], ids=lambda one: one.names[0])
def test_every_line_fits_the_type_of_its_parameter(table):
    for path, facts in table.lines.items():
        found = set()
        for schema in schemas(table.names[0]):
            definitions = schema.get("$defs", {})
            for node in bounds._reach(schema, bounds._steps(path), definitions):
                found.update(kinds(node, definitions))
        assert not facts.keys() & NUMBERS or found & {"integer", "number"}, path
        assert not facts.keys() & TEXTS or "string" in found, path
        assert not facts.keys() & ARRAYS or "array" in found, path


def test_defaults_are_those_of_the_top_level():
    found = bounds.defaults(CATALOGUE, CATALOGUE.operations["chat.completions.create"])
    assert found["temperature"] == 1
    assert found["n"] == 1
    assert "messages[].content" not in found
    assert bounds.defaults(CATALOGUE, CATALOGUE.operations["files.list"]) == {"limit": 10000, "order": "desc"}
    assert bounds.defaults(CATALOGUE, CATALOGUE.operations["models.list"]) == {}


def test_a_fact_that_is_not_known_is_told():
    with pytest.raises(ValueError, match=r"bounds\.toml knows no 'maximum'"):
        bounds.lay_line({"properties": {"n": {}}}, "n", {"maximum": 3}, {})
