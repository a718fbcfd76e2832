"""The page that documents the HTTP interface, made from the application's OpenAPI document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, NamedTuple

Document = Mapping[str, Any]
_REFERENCE = "#/components/schemas/"


class Value(NamedTuple):
    """A parameter or a field.

    Args:
        kind: its type and its bounds in words.
        default: the default in words; empty: there is none.
    """

    name: str
    kind: str
    is_required: bool
    default: str
    description: str


class Operation(NamedTuple):
    """A request that the server answers.

    Args:
        anchor: id of its section on the page.
        parameters: parts of the path, and the query.
        body: fields of the body.
        fields: fields of the JSON answer.
        formats: media types of the answer.
        refusals: HTTP statuses of refusals, with their names.
    """

    anchor: str
    method: str
    path: str
    description: str
    needs_token: bool
    parameters: Sequence[Value]
    body: Sequence[Value]
    fields: Sequence[Value]
    formats: Sequence[str]
    refusals: Sequence[tuple[str, str]]


def operations(document: Document) -> list[Operation]:
    """Return the operations of an OpenAPI document, in its order."""
    return [
        _operation(document, method, path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]


def _operation(document: Document, method: str, path: str, operation: Document) -> Operation:
    responses = operation["responses"]
    good = next(answer for status, answer in responses.items() if status.startswith("2"))
    body = operation.get("requestBody", {}).get("content", {})
    return Operation(
        anchor=operation["operationId"],
        method=method.upper(),
        path=path,
        description=operation.get("description", ""),
        needs_token=bool(operation.get("security")),
        parameters=[_parameter(document, each) for each in operation.get("parameters", ())],
        body=_fields(document, body.get("application/json", {}).get("schema", {})),
        fields=_fields(document, good["content"].get("application/json", {}).get("schema", {})),
        formats=list(good["content"]),
        refusals=[
            (status, HTTPStatus(int(status)).phrase)
            for status in sorted(responses)
            if not status.startswith("2")
        ],
    )


def _parameter(document: Document, parameter: Document) -> Value:
    schema = parameter["schema"]
    return Value(
        name=parameter["name"],
        kind=_kind(document, schema),
        is_required=parameter.get("required", False),
        default=_default(schema),
        description=parameter.get("description", schema.get("description", "")),
    )


def _fields(document: Document, schema: Document) -> list[Value]:
    """Return the fields of an object; those of all alternatives if there are several."""
    found: dict[str, Value] = {}
    for one in schema.get("anyOf", [schema]):
        resolved = _resolved(document, one)
        for name, of in resolved.get("properties", {}).items():
            required = name in resolved.get("required", ())
            description = of.get("description", "")
            found.setdefault(
                name, Value(name, _kind(document, of), required, _default(of), description)
            )
    return list(found.values())


def _resolved(document: Document, schema: Document) -> Document:
    if "$ref" not in schema:
        return schema
    found: Document = document["components"]["schemas"][schema["$ref"].removeprefix(_REFERENCE)]
    return found


def _default(schema: Document) -> str:
    default = schema.get("default")
    return "" if default in (None, []) else str(default).lower()


def _kind(document: Document, schema: Document) -> str:
    """Return the type of a value in words, with its choices and bounds."""
    if "anyOf" in schema:
        kinds = [_kind(document, one) for one in schema["anyOf"] if one.get("type") != "null"]
        return " or ".join(dict.fromkeys(kinds))
    schema = _resolved(document, schema)
    if "enum" in schema:
        return ", ".join(map(str, schema["enum"]))
    kind = schema.get("format", schema.get("type", "any"))
    if kind == "array":
        items = _resolved(document, schema.get("items", {}))
        inner = ", ".join(items.get("properties", ())) or _kind(document, items)
        return f"list of {inner}"
    if kind == "object" and "properties" in schema:
        return ", ".join(schema["properties"])
    return f"{kind}{_bounds(schema)}"


def _bounds(schema: Document) -> str:
    if "pattern" in schema:
        return f" {schema['pattern']}"
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and high is not None:
        return f" {low}-{high}"
    return ""
