"""Load a transformers checkpoint, from a hub's cache or a local folder, for the back-ends that run one."""

from __future__ import annotations

from typing import Any

from ...core.errors import BackEndUnavailable


def load_checkpoint(auto_class: str, model_id: str, back_end: str) -> tuple[Any, Any]:
    """Return the processor and the model, on a GPU if there is one.

    ``auto_class`` is the name of transformers' class for the task, such as ``AutoModelForSpeechSeq2Seq``.

    Raises:
        BackEndUnavailable: transformers, torch or the weights are missing.
    """
    try:
        import torch
        import transformers

        model_class = getattr(transformers, auto_class)
    except (ImportError, AttributeError) as error:
        raise BackEndUnavailable(
            f"{back_end} needs transformers and torch: pip install 'tastemaker[hub]'", back_end=back_end
        ) from error
    try:
        processor = transformers.AutoProcessor.from_pretrained(model_id)
        model = model_class.from_pretrained(model_id).eval()
    except (OSError, ValueError) as error:
        raise BackEndUnavailable(
            f"{back_end} could not be loaded: {error}; connect to the model hub once or give a local folder",
            back_end=back_end,
        ) from error
    return processor, model.to("cuda" if torch.cuda.is_available() else "cpu")
