"""A full open_clip checkpoint from a local folder, tiny and untrained but in the real format (needs the extra ``hub``)."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tastemaker.core.errors import BackEndError, ConfigurationError
from tastemaker.core.protocols import ImageTextModel
from tastemaker.core.settings import load_settings
from tastemaker.models import registry

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(find_spec("open_clip") is None, reason="needs the extra `hub`: pip install 'tastemaker[hub]'"),
    pytest.mark.filterwarnings("ignore"),
]
CONFIG = {
    "embed_dim": 16,
    "vision_cfg": {"image_size": 32, "layers": 1, "width": 32, "head_width": 16, "patch_size": 16},
    "text_cfg": {"context_length": 16, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 1},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import torch
    from open_clip.model import CLIP
    from safetensors.torch import save_file

    where = tmp_path_factory.mktemp("clip")
    torch.manual_seed(0)
    model = CLIP(CONFIG["embed_dim"], CONFIG["vision_cfg"], CONFIG["text_cfg"])
    save_file({k: v.contiguous() for k, v in model.state_dict().items()}, where / "open_clip_model.safetensors")
    (where / "open_clip_config.json").write_text(json.dumps({"model_cfg": CONFIG, "preprocess_cfg": {}}))
    return where


async def test_a_local_checkpoint_serves_the_slot(folder: Path, tmp_path: Path) -> None:
    model = registry.open_image_text(load_settings({}, models={"image_text": f"open_clip:{folder}"}))
    assert isinstance(model, ImageTextModel)
    assert model.dim == 16
    for name, colour in (("a", "red"), ("b", "blue")):
        Image.new("RGB", (50, 40), colour).save(tmp_path / f"{name}.png")
    images = await model.embed_images([str(tmp_path / "a.png"), str(tmp_path / "b.png")])
    texts = await model.embed_texts(["a dog", "a cat", "a dog"])
    assert (images.shape, texts.shape) == ((2, 16), (3, 16))
    for rows in (images, texts):
        np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
    np.testing.assert_array_equal(texts[0], texts[2])
    with pytest.raises(BackEndError):
        await model.embed_images([str(tmp_path / "gone.png")])


def test_a_folder_without_a_config_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"open_clip_config\.json"):
        registry.open_image_text(load_settings({}, models={"image_text": f"open_clip:{tmp_path}"}))
