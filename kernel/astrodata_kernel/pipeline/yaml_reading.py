"""YAML with line numbers: what a mapping says, and where it says it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ..errors import BadRequest, MissingPackage, TooLarge

LARGEST = 1 << 20
"""Characters of a pipeline's text at most."""

_BOOL = "tag:yaml.org,2002:bool"
_MOST = 100_000  # values, with what anchors repeat

Path = tuple[str | int, ...]


@dataclass
class Text:
    """What a YAML text says.

    Parameters
    ----------
    value
        Mappings, lists, texts, numbers.
    name
        Of the file, for errors.
    lines
        Line of each value, by its path.
    """

    value: Any
    name: str
    lines: dict[Path, int] = field(default_factory=dict)

    def where(self, path: Path) -> str:
        """Give file and line of the value at a path, or of the nearest one around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return f"{self.name}, line {self.lines.get(path, 1)}"


def read_yaml(text: str, name: str = "pipeline") -> Text:
    """Give what a text says.

    Raises
    ------
    BadRequest
        It is no YAML, or a mapping has a key twice; the text gives the line.
    TooLarge
        It is far longer than a pipeline.
    """
    try:
        import yaml
    except ImportError:
        raise MissingPackage(
            'pipelines in YAML need PyYAML; run "pip install astrodata-lab[pipeline]" in this kernel\'s '
            "environment"
        ) from None
    if len(text) > LARGEST:
        raise TooLarge(f"{name} has {len(text):,} characters; a pipeline has {LARGEST:,} at most")
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        made = Text(None, name)
        if root is not None:
            made.value = _Reader(yaml, made).value(root, ())
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = 1 if mark is None else mark.line + 1
        raise BadRequest(f"{name}, line {line}: {error.problem or error.context}") from None
    except yaml.YAMLError as error:
        raise BadRequest(f"{name}: {str(error).splitlines()[0]}") from None
    except RecursionError:
        raise TooLarge(f"{name} is nested too deeply, or holds itself") from None
    return made


class _Reader:
    def __init__(self, yaml: Any, made: Text) -> None:
        self._yaml, self._made = yaml, made
        self._loader = yaml.SafeLoader("")
        self._count = 0

    def value(self, node: Any, path: Path) -> Any:
        self._count += 1
        line = node.start_mark.line + 1
        if self._count > _MOST:
            raise TooLarge(
                f"{self._made.name}, line {line}: anchors make more than {_MOST:,} values"
            )
        self._made.lines[path] = line
        if isinstance(node, self._yaml.MappingNode):
            made: dict[str, Any] = {}
            for key_node, value_node in node.value:
                key = self._scalar(key_node)
                at = key_node.start_mark.line + 1
                if not isinstance(key, str):
                    key = str(key)
                if key in made:
                    raise BadRequest(f"{self._made.name}, line {at}: {key!r} is there twice")
                made[key] = self.value(value_node, (*path, key))
                self._made.lines[(*path, key)] = at
            return made
        if isinstance(node, self._yaml.SequenceNode):
            return [self.value(one, (*path, number)) for number, one in enumerate(node.value)]
        return self._scalar(node)

    def _scalar(self, node: Any) -> Any:
        # YAML 1.1 takes on, off, yes and no for true and false: people mean words, as YAML 1.2 does.
        if node.tag == _BOOL and node.value.lower() not in ("true", "false"):
            return node.value
        try:
            return self._loader.construct_object(node, deep=True)
        except self._yaml.YAMLError:
            raise
        except Exception:  # noqa: BLE001 - dates and numbers that are none end in many ways
            line, kind = node.start_mark.line + 1, node.tag.rpartition(":")[2]
            raise BadRequest(
                f"{self._made.name}, line {line}: {str(node.value)[:40]!r} is no {kind}"
            ) from None
