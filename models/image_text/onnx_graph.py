"""Write ONNX graphs from NumPy weights and keep the built files in a cache."""

from __future__ import annotations

import hashlib
import os
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.errors import BackEndUnavailable

Array = NDArray[Any]
BUILDER_VERSION = 2
OPSET = 20
CONTRIB = "com.microsoft"


class Graph:
    """Collect nodes and weights, one output name at a time, and serialise them."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._nodes: list[Any] = []
        self._weights: list[Any] = []

    def weight(self, values: Array) -> str:
        """Add a constant and return its name."""
        from onnx import numpy_helper

        name = f"w{len(self._weights)}"
        self._weights.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def add(self, op: str, inputs: Sequence[str], *, output: str = "", domain: str = "", **attributes: Any) -> str:
        """Add one node and return the name of its first output. An empty input name stands for "not given"."""
        from onnx import helper

        out = output or f"n{len(self._nodes)}"
        self._nodes.append(helper.make_node(op, list(inputs), [out], domain=domain, **attributes))
        return out

    def split(self, x: str, parts: int) -> list[str]:
        """Add the division of the last axis into so many equal parts and return their names."""
        from onnx import helper

        outs = [f"n{len(self._nodes)}_{part}" for part in range(parts)]
        self._nodes.append(helper.make_node("Split", [x], outs, axis=-1, num_outputs=parts))
        return outs

    def contrib(self, op: str, inputs: Sequence[str], **attributes: Any) -> str:
        """Add one of ONNX Runtime's own fused operators and return the name of its first output."""
        return self.add(op, inputs, domain=CONTRIB, **attributes)

    def serialise(
        self, inputs: dict[str, tuple[str, Sequence[str | int]]], output: str, shape: Sequence[str | int]
    ) -> bytes:
        """Return the model; ``inputs`` maps a name to its type (``float`` or ``int32``) and shape."""
        from onnx import TensorProto, helper

        types = {"float": TensorProto.FLOAT, "int32": TensorProto.INT32}
        ins = [helper.make_tensor_value_info(name, types[kind], list(dims)) for name, (kind, dims) in inputs.items()]
        outs = [helper.make_tensor_value_info(output, TensorProto.FLOAT, list(shape))]
        graph = helper.make_graph(self._nodes, self._name, ins, outs, self._weights)
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(CONTRIB, 1)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=9, producer_name="tastemaker")
        return bytes(model.SerializeToString())


def cached(cache: Path, name: str, content: str, build: Callable[[], bytes]) -> Path:
    """Return ``cache/onnx/<name>-<key>.onnx``, built at the first call.

    The key hashes ``content`` (what identifies the weights) and the builder's version. The file is written under another
    name and moved into place, so that two processes may build it at once and none reads half a file.
    """
    key = hashlib.sha256(f"{BUILDER_VERSION}:{OPSET}:{content}".encode()).hexdigest()[:16]
    path = cache / "onnx" / f"{name}-{key}.onnx"
    if not path.is_file():
        write_atomically(path, build())
    return path


def write_atomically(path: Path, content: bytes) -> None:
    """Write ``content`` to ``path`` through a temporary file in the same folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{uuid.uuid4().hex}.part")
    try:
        temporary.write_bytes(content)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def open_session(model: Path | bytes, threads: int) -> Any:
    """Return an ONNX Runtime CPU session with ``threads`` threads (0: one per core).

    Raises:
        BackEndUnavailable: ONNX Runtime cannot load the model.
    """
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = threads or os.cpu_count() or 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    source = model if isinstance(model, bytes) else str(model)
    try:
        return ort.InferenceSession(source, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # the runtime raises its own unrelated classes
        raise BackEndUnavailable(
            f"ONNX Runtime cannot load the embedded model: {error}", back_end="embedded"
        ) from error
