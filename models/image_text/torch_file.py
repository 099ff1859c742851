"""Read the tensors of a ``torch.save`` file into NumPy without torch and without running code from the file.

Only the legacy (non-zip) layout is read, which is what the pinned image tower uses: four pickles (magic number, protocol,
system, state dict), one pickle with the order of the storages, then each storage as an int64 length and raw
little-endian values. The unpickler knows an ordered dict, dense tensors and two storage types; any other name is refused.
"""

from __future__ import annotations

import pickle
from collections import OrderedDict
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from ...core.errors import ConfigurationError

Array = NDArray[Any]
MAGIC = 0x1950A86A20F9469CFC6C
DTYPES: dict[str, np.dtype[Any]] = {"FloatStorage": np.dtype("<f4"), "LongStorage": np.dtype("<i8")}


class _Storage:
    """A flat run of values that is filled after the pickles were read."""

    def __init__(self, kind: str, length: int) -> None:
        self.dtype = DTYPES[kind]
        self.length = length
        self.values: Array = np.empty(0, self.dtype)


class _Tensor:
    """A view of a storage, as the state dict names it: offset, shape and stride in elements."""

    def __init__(self, storage: _Storage, offset: int, shape: tuple[int, ...], stride: tuple[int, ...]) -> None:
        last = offset + sum((n - 1) * step for n, step in zip(shape, stride, strict=True))
        if min((offset, *stride), default=0) < 0 or last >= storage.length:
            raise pickle.UnpicklingError(f"a tensor of shape {shape} does not fit its storage")
        self.storage, self.offset, self.shape, self.stride = storage, offset, shape, stride

    def array(self) -> Array:
        """Return a copy of the values in the tensor's shape, C-contiguous."""
        size = self.storage.dtype.itemsize
        strides = tuple(step * size for step in self.stride)
        return np.ascontiguousarray(as_strided(self.storage.values[self.offset :], self.shape, strides))


def _rebuild(storage: _Storage, offset: int, shape: tuple[int, ...], stride: tuple[int, ...], *_: object) -> _Tensor:
    return _Tensor(storage, offset, shape, stride)


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: BinaryIO) -> None:
        super().__init__(file)
        self.storages: dict[str, _Storage] = {}

    def find_class(self, module: str, name: str) -> Any:
        if module == "torch" and name in DTYPES:
            return name
        known = {("collections", "OrderedDict"): OrderedDict, ("torch._utils", "_rebuild_tensor_v2"): _rebuild}
        if (module, name) not in known:
            raise pickle.UnpicklingError(f"{module}.{name} is not allowed")
        return known[module, name]

    def persistent_load(self, pid: Any) -> _Storage:
        tag, kind, key, _, length, view = pid
        if tag != "storage" or kind not in DTYPES or view is not None:
            raise pickle.UnpicklingError(f"unexpected record {tag!r} of {kind!r}")
        return self.storages.setdefault(key, _Storage(kind, length))


def read_state(path: Path) -> dict[str, Array]:
    """Return the tensors of ``path`` by name, in the order of the file.

    Raises:
        ConfigurationError: the file is not of the legacy layout or holds anything but dense tensors.
    """
    try:
        with path.open("rb") as file:
            return _read(file)
    except (pickle.UnpicklingError, EOFError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise ConfigurationError(f"{path} is not a plain torch state dict: {error}") from error


def _read(file: BinaryIO) -> dict[str, Array]:
    if _Unpickler(file).load() != MAGIC:
        raise pickle.UnpicklingError("wrong magic number")
    for _ in ("protocol", "system"):
        _Unpickler(file).load()
    unpickler = _Unpickler(file)
    state = unpickler.load()
    for key in _Unpickler(file).load():
        storage = unpickler.storages[key]
        length = int(np.frombuffer(file.read(8), "<i8")[0])
        raw = file.read(length * storage.dtype.itemsize)
        if length != storage.length or len(raw) != length * storage.dtype.itemsize:
            raise pickle.UnpicklingError(f"storage {key} is cut off")
        storage.values = np.frombuffer(raw, storage.dtype)
    return {name: tensor.array() for name, tensor in state.items()}
