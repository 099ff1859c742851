"""Make the synthetic voice clips of the demo: ``python -m tastemaker.api.demo.make_voices`` (needs the program ``espeak-ng``).

The clips are robot speech, not recordings of people. They are committed, so users never run this.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import av
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler

DATA = Path(__file__).parent / "data" / "voice"
ESPEAK = ("espeak-ng", "-v", "en-us+f3", "-s", "135", "-g", "4")
RATE_HZ = 16_000
SENTENCES = {
    "voice-animals": "I love animals. Please show me dogs and horses outdoors, for less than forty euros.",
    "voice-food": "I love pizza. Please show me food for my kitchen, for less than forty euros.",
    "voice-city": "I love the city. Please show me a red bus on the street, for less than forty euros.",
    "voice-cheaper": "I would like something cheaper, please.",
    "voice-film": "I would like a funny film for the whole family, please.",
}


def make(out: Path = DATA) -> list[Path]:
    """Write one 16 kHz mono Ogg Opus clip per sentence and return the paths."""
    out.mkdir(parents=True, exist_ok=True)
    clips = []
    with tempfile.TemporaryDirectory() as folder:
        for name, sentence in SENTENCES.items():
            wav = Path(folder) / f"{name}.wav"
            subprocess.run([*ESPEAK, "-w", str(wav), sentence], check=True)  # noqa: S603  # fixed program and arguments
            clips.append(_encode(wav, out / f"{name}.ogg"))
    return clips


def _encode(wav: Path, clip: Path) -> Path:
    resampler = AudioResampler(format="s16", layout="mono", rate=RATE_HZ)
    with av.open(str(wav)) as source, av.open(str(clip), "w") as target:
        stream = target.add_stream("libopus", rate=RATE_HZ, layout="mono")
        stream.bit_rate = 32_000
        frames: Sequence[AudioFrame | None] = [*source.decode(audio=0), None]
        for frame in frames:
            for piece in resampler.resample(frame):
                piece.pts = None
                target.mux(stream.encode(piece))
        target.mux(stream.encode(None))
    return clip


if __name__ == "__main__":
    make()
