"""Reads files as nvme-stas does: with Python's own configparser, repeated keys kept. Reads a JSON list of texts, writes a JSON list of results."""

import configparser
import io
import json
import sys


class Multiset(dict):
    """Keeps all values of a repeated key: the parser hands each over as a list."""

    def __setitem__(self, key, value):
        if key in self and isinstance(value, list):
            self[key].extend(value)
        else:
            super().__setitem__(key, value)


def read(text):
    parser = configparser.ConfigParser(
        default_section=None,
        allow_no_value=True,
        delimiters=("="),
        interpolation=None,
        strict=False,
        dict_type=Multiset,
    )
    try:
        parser.read_file(io.StringIO(text, newline=None))
    except configparser.Error:
        return {"kind": "refused"}
    except (AttributeError, TypeError):
        # A key without a value that gets one later makes the parser fail with no error of its own.
        return {"kind": "failed"}
    sections = [
        [name, [[key, None if value is None else value.split("\n")] for key, value in section.items()]]
        for name, section in parser._sections.items()
    ]
    return {"kind": "read", "sections": sections}


json.dump([read(text) for text in json.load(sys.stdin)], sys.stdout)
