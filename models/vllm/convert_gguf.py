"""Turn a GGUF file into a bf16 folder that vLLM serves; run by the vLLM environment's Python, not imported."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

CHATML = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def convert(gguf: Path, target: Path) -> None:
    """Write ``gguf`` as safetensors (bfloat16) with tokenizer and chat template into the folder ``target``.

    Raises:
        ValueError: the tokenizer has no chat template and no ChatML tokens to write one with.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    folder = str(gguf.parent)
    model = AutoModelForCausalLM.from_pretrained(
        folder, gguf_file=gguf.name, quantization_config=GgufConfig(dequantize=True), dtype=torch.bfloat16
    )
    tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=gguf.name)
    finish_chat(model, tokenizer)
    model.save_pretrained(str(target))
    tokenizer.save_pretrained(str(target))


def finish_chat(model: Any, tokenizer: Any) -> None:
    """Give ``tokenizer`` the ChatML template if it has none, and make ``<|im_end|>`` end an answer.

    Raises:
        ValueError: the vocabulary has no ChatML tokens.
    """
    end = tokenizer.get_vocab().get("<|im_end|>")
    if not tokenizer.chat_template:
        if end is None:
            raise ValueError("the model has neither a chat template nor ChatML tokens: it cannot hold a conversation")
        tokenizer.chat_template = CHATML
    if end is not None:
        known = model.generation_config.eos_token_id
        ends = known if isinstance(known, list) else [known]
        model.generation_config.eos_token_id = sorted({end, *(i for i in ends if i is not None)})


def main(argv: list[str] | None = None) -> int:
    """Convert the GGUF file named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("gguf", type=Path)
    parser.add_argument("target", type=Path)
    arguments = parser.parse_args(argv)
    convert(arguments.gguf, arguments.target)
    return 0


if __name__ == "__main__":
    sys.exit(main())
