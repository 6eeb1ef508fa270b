"""Reads a message with Python's email package and says as one line of JSON what is in it."""

import json
import sys
from email import policy
from email.parser import BytesParser


def read(content):
    message = BytesParser(policy=policy.default).parsebytes(content)
    parts = list(message.walk())
    defects = [repr(defect) for part in parts for defect in part.defects]
    defects += [repr(defect) for value in message.values() for defect in value.defects]
    return {
        "names": message.keys(),
        "headers": {name: str(value) for name, value in message.items()},
        "type": message.get_content_type(),
        "parts": [part.get_content_type() for part in parts[1:]],
        "plain": message.get_body(("plain",)).get_content(),
        "html": message.get_body(("html",)).get_content(),
        "defects": defects,
        "longest_line": max(len(line) for line in content.split(b"\r\n")),
    }


if __name__ == "__main__":
    print(json.dumps(read(sys.stdin.buffer.read())))
