"""The fields of a request's body, with GitHub's words for those that are missing or of a wrong type."""

import base64
import binascii

import msgspec

from tests.github_server.problems import Problem, Unprocessable


class Fields:
    """A JSON object; a body that is a bare array stands under the name ""."""

    def __init__(self, values: dict[str, object]) -> None:
        self._values = values

    @classmethod
    def read(cls, body: bytes) -> "Fields":
        """Problem 400: the body is no JSON."""
        try:
            value = msgspec.json.decode(body or b"{}")
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise Problem("Problems parsing JSON", 400) from None
        if isinstance(value, list):
            return cls({"": value})
        if not isinstance(value, dict):
            raise Problem("Body should be a JSON object", 400)
        return cls(value)

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def given(self, name: str) -> bool:
        """Whether there is a value other than null."""
        return self._values.get(name) is not None

    def text(self, name: str) -> str:
        """A string that must be there."""
        if not self.given(name):
            raise Unprocessable(f'Invalid request.\n\n"{name}" wasn\'t supplied.')
        return self.optional_text(name) or ""

    def optional_text(self, name: str) -> str | None:
        value = self._values.get(name)
        if value is None or isinstance(value, str):
            return value
        raise self._wrong(name, value, "a string")

    def flag(self, name: str, *, default: bool = False) -> bool:
        value = self._values.get(name, default)
        if isinstance(value, bool):
            return value
        raise self._wrong(name, value, "a boolean")

    def texts(self, name: str) -> list[str]:
        """An array of strings; [] when it is missing."""
        values = self._array(name)
        for value in values:
            if not isinstance(value, str):
                raise self._wrong(f"{name}/0", value, "a string")
        return [str(value) for value in values]

    def objects(self, name: str) -> list["Fields"]:
        """An array of objects that must be there."""
        if not self.given(name):
            raise Unprocessable(f'Invalid request.\n\n"{name}" wasn\'t supplied.')
        return [Fields(value) for value in self._array(name) if isinstance(value, dict)]

    def inner(self, name: str) -> "Fields | None":
        value = self._values.get(name)
        return Fields(value) if isinstance(value, dict) else None

    def base64(self, name: str) -> bytes:
        """Bytes in base64, with line ends or without."""
        try:
            return base64.b64decode("".join(self.text(name).split()), validate=True)
        except binascii.Error:
            raise Unprocessable(f"{name} is not valid Base64") from None

    def _array(self, name: str) -> list[object]:
        value = self._values.get(name)
        if value is None:
            return []
        if isinstance(value, list):
            return value
        raise self._wrong(name, value, "an array")

    @staticmethod
    def _wrong(name: str, value: object, wanted: str) -> Unprocessable:
        shown = msgspec.json.encode(value).decode()
        return Unprocessable(f"Invalid request.\n\nFor 'properties/{name}', {shown} is not {wanted}.")
