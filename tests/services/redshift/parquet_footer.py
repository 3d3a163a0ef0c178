"""Reads the schema in a Parquet file's footer, as it is written there.

Libraries fill in what a writer left out; COPY judges what was written, so the footer (Thrift's compact
protocol) is read here.
"""
from dataclasses import dataclass

_PHYSICAL = ("BOOLEAN", "INT32", "INT64", "INT96", "FLOAT", "DOUBLE", "BYTE_ARRAY", "FIXED_LEN_BYTE_ARRAY")
_CONVERTED = ("UTF8", "MAP", "MAP_KEY_VALUE", "LIST", "ENUM", "DECIMAL", "DATE", "TIME_MILLIS", "TIME_MICROS",
              "TIMESTAMP_MILLIS", "TIMESTAMP_MICROS", "UINT_8", "UINT_16", "UINT_32", "UINT_64", "INT_8", "INT_16",
              "INT_32", "INT_64", "JSON", "BSON", "INTERVAL")
_TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = range(1, 13)


class BadFooter(Exception):
    """The file is no Parquet file, or is cut."""


@dataclass
class ParquetColumn:
    """A leaf of the schema. `converted` is the ConvertedType or None, `adjusted` of a timestamp's logical type."""

    name: str
    physical: str
    length: int
    converted: str | None
    adjusted: bool | None
    precision: int
    scale: int
    repetition: str
    nested: bool

    def __str__(self):
        """As Spectrum prints it in its errors."""
        kind = {"BYTE_ARRAY": "byte_array", "FIXED_LEN_BYTE_ARRAY": f"fixed_len_byte_array({self.length})"}.get(
            self.physical, self.physical.lower())
        note = ""
        if self.converted == "DECIMAL":
            note = f" (DECIMAL({self.precision},{self.scale}))"
        elif self.converted:
            note = f" ({self.converted})"
        return f"{self.repetition} {kind} {self.name}{note}"


def read_columns(content):
    """The columns of a whole file's bytes in order. Raises BadFooter."""
    if len(content) < 12 or content[:4] != b"PAR1" or content[-4:] != b"PAR1":
        raise BadFooter("it does not begin and end with PAR1")
    size = int.from_bytes(content[-8:-4], "little")
    if size > len(content) - 12:
        raise BadFooter("its footer is longer than the file")
    try:
        metadata = _Compact(content[len(content) - 8 - size:len(content) - 8]).struct()
        return _leaves(metadata[2])
    except (IndexError, KeyError, UnicodeDecodeError) as error:
        raise BadFooter("its footer cannot be read") from error


def _leaves(elements):
    """The root's children; a group counts as one column, whatever it holds."""
    columns, position = [], 1
    for _ in range(elements[0].get(5, 0)):
        element = elements[position]
        columns.append(_column(element, nested=bool(element.get(5, 0))))
        position = _after(elements, position)
    return columns


def _after(elements, position):
    """The place after an element and all below it."""
    following = position + 1
    for _ in range(elements[position].get(5, 0)):
        following = _after(elements, following)
    return following


def _column(element, nested):
    converted = _CONVERTED[element[6]] if 6 in element else None
    timestamp = element.get(10, {}).get(8)
    return ParquetColumn(
        name=element[4].decode(), physical="group" if nested else _PHYSICAL[element[1]], length=element.get(2, 0),
        converted=converted, adjusted=timestamp.get(1) if timestamp is not None else None,
        precision=element.get(8, 0), scale=element.get(7, 0),
        repetition=("required", "optional", "repeated")[element.get(3, 0)], nested=nested)


class _Compact:
    """Values of Thrift's compact protocol; a struct is {field id: value}."""

    def __init__(self, data):
        self._data = data
        self._at = 0

    def _byte(self):
        value = self._data[self._at]
        self._at += 1
        return value

    def _varint(self):
        value = shift = 0
        while True:
            byte = self._byte()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7

    def _zigzag(self):
        value = self._varint()
        return (value >> 1) ^ -(value & 1)

    def struct(self):
        fields, last = {}, 0
        while True:
            head = self._byte()
            if head == 0:
                return fields
            last = last + (head >> 4) if head >> 4 else self._zigzag()
            fields[last] = self._value(head & 15)

    def _value(self, kind, in_list=False):
        if kind in (_TRUE, _FALSE):
            return self._byte() == _TRUE if in_list else kind == _TRUE
        if kind == _BYTE:
            return self._byte()
        if kind in (_I16, _I32, _I64):
            return self._zigzag()
        if kind == _DOUBLE:
            return self._bytes(8)
        if kind == _BINARY:
            return self._bytes(self._varint())
        if kind in (_LIST, _SET):
            head = self._byte()
            size = head >> 4 if head >> 4 < 15 else self._varint()
            return [self._value(head & 15, in_list=True) for _ in range(size)]
        if kind == _MAP:
            size = self._varint()
            kinds = self._byte() if size else 0
            return [(self._value(kinds >> 4, True), self._value(kinds & 15, True)) for _ in range(size)]
        if kind == _STRUCT:
            return self.struct()
        raise BadFooter(f"its footer holds a value of kind {kind}")

    def _bytes(self, size):
        if self._at + size > len(self._data):
            raise IndexError
        value = self._data[self._at:self._at + size]
        self._at += size
        return value
