"""The Rust clients, one JSON document a line: see tests/examples/interop."""

import json
import subprocess


class OtherSide:
    """A running `interop`, which is told what its client does."""

    def __init__(self, command, ready, cwd):
        self._process = subprocess.Popen(
            [*command, json.dumps(ready)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            cwd=cwd,
        )

    def __call__(self, call, **fields):
        self._process.stdin.write(json.dumps({"call": call, **fields}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, f"the other side ended with {self._process.wait()}"
        result = json.loads(line)
        assert "error" not in result, f"{call}: {result['error']}"
        return result["ok"]

    def close(self):
        self._process.stdin.close()
        self._process.wait()
