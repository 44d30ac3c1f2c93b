"""The network as an ONNX graph: ids of word pieces in, one unit vector out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, checker, helper, numpy_helper

from knowledge_base.encoder.weights import Tensor, Weights

_OPSET, _IR = 20, 10
_EPSILON = 1e-12  # of the layer norms, as the model was trained


def build(weights: Weights, words: Sequence[int], source: str, target: str) -> ModelProto:
    """The encoder over the kept words, from input `source`, (1, pieces) int64, to `target`, (1, hidden) unit float32.

    One text a run, so there is no padding and no mask.
    """
    writer = _Writer()
    hidden = writer.norm(_embedded(writer, weights, words, source), weights, "emb.ln")
    for layer in range(weights.layers):
        hidden = _layer(writer, weights, f"l{layer}.", hidden)
    # the mean would only be another length, which the last step takes away
    total = writer.step("ReduceSum", hidden, writer.constant([1], np.int64), keepdims=0)
    length = writer.step("ReduceL2", total, writer.constant([1], np.int64), keepdims=1)
    writer.nodes.append(helper.make_node("Div", [total, length], [target]))
    graph = helper.make_graph(
        writer.nodes,
        "multilingual-e5-small",
        [helper.make_tensor_value_info(source, TensorProto.INT64, [1, "pieces"])],
        [helper.make_tensor_value_info(target, TensorProto.FLOAT, [1, weights.hidden])],
        writer.constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR)
    checker.check_model(model)
    return model


class _Writer:
    """Collects nodes and constants under names of their own."""

    def __init__(self) -> None:
        self.nodes: list[NodeProto] = []
        self.constants: list[TensorProto] = []

    def constant(self, value: Any, kind: Any = np.float32) -> str:
        name = f"constant{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value, dtype=kind), name))
        return name

    def steps(self, kind: str, count: int, *inputs: str, **attributes: Any) -> list[str]:
        number = len(self.nodes)
        names = [f"{kind}{number}_{place}" for place in range(count)]
        self.nodes.append(helper.make_node(kind, list(inputs), names, name=f"{kind}{number}", **attributes))
        return names

    def step(self, kind: str, *inputs: str, **attributes: Any) -> str:
        return self.steps(kind, 1, *inputs, **attributes)[0]

    def linear(self, source: str, weight: Tensor, bias: Tensor) -> str:
        return self.step("Add", self.step("MatMul", source, self.constant(weight.T)), self.constant(bias))

    def norm(self, source: str, weights: Weights, name: str) -> str:
        scale, shift = weights.tensors[f"{name}.w"], weights.tensors[f"{name}.b"]
        return self.step(
            "LayerNormalization", source, self.constant(scale), self.constant(shift), axis=-1, epsilon=_EPSILON
        )


def _embedded(writer: _Writer, weights: Weights, words: Sequence[int], source: str) -> str:
    tensors = weights.tensors
    pieces = writer.step("Shape", source, start=1, end=2)
    positions = writer.constant(tensors["emb.pos"] + tensors["emb.type"][0])
    from_zero, along = writer.constant([0], np.int64), writer.constant([0], np.int64)
    place = writer.step("Slice", positions, from_zero, pieces, along)
    return writer.step("Add", writer.step("Gather", writer.constant(tensors["emb.word"][list(words)]), source), place)


def _layer(writer: _Writer, weights: Weights, prefix: str, source: str) -> str:
    part = {
        name.removeprefix(prefix): value for name, value in weights.tensors.items() if name.startswith(prefix)
    }  # fmt: skip
    attended = writer.linear(_attention(writer, weights, part, source), part["ao.w"], part["ao.b"])
    middle = writer.norm(writer.step("Add", source, attended), weights, f"{prefix}aln")
    inner = writer.step("Gelu", writer.linear(middle, part["fi.w"], part["fi.b"]))
    outer = writer.linear(inner, part["fo.w"], part["fo.b"])
    return writer.norm(writer.step("Add", middle, outer), weights, f"{prefix}oln")


def _attention(writer: _Writer, weights: Weights, part: dict[str, Tensor], source: str) -> str:
    """All heads; query, key and value come from one product, with the scale folded into the query."""
    size = weights.hidden // weights.heads
    scale = size**-0.5
    weight = np.concatenate([part["q.w"] * scale, part["k.w"], part["v.w"]])
    bias = np.concatenate([part["q.b"] * scale, part["k.b"], part["v.b"]])
    equal = writer.constant([weights.hidden] * 3, np.int64)
    parts = writer.steps("Split", 3, writer.linear(source, weight, bias), equal, axis=2)
    by_head: NDArray[np.int64] = np.array([0, 0, weights.heads, size])
    heads = writer.constant(by_head, np.int64)
    orders = ([0, 2, 1, 3], [0, 2, 3, 1], [0, 2, 1, 3])
    query, key, value = (
        writer.step("Transpose", writer.step("Reshape", one, heads), perm=order)
        for one, order in zip(parts, orders, strict=True)
    )
    share = writer.step("Softmax", writer.step("MatMul", query, key), axis=-1)
    mixed = writer.step("Transpose", writer.step("MatMul", share, value), perm=[0, 2, 1, 3])
    return writer.step("Reshape", mixed, writer.constant([0, 0, weights.hidden], np.int64))
