"""Describe how a track sounds by tempo, timbre, harmony and contrast, so that tracks can be compared."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from ...core.errors import BackEndUnavailable, TooLittleSound
from .read_sound import SOUND_HZ, read_sound

LISTEN_S = 30.0
MIN_S = 1.0
BANDS = 5  # octaves from 200 Hz that lie below the Nyquist frequency of 16 kHz
GROUPS = MappingProxyType({"timbre": 40, "harmony": 12, "contrast": 12, "tempo": 1})
"""The parts of a description in order, and how many numbers each has."""
Features = NDArray[np.float32]


def track_features(path: str | Path) -> Features:
    """Return the description of the first ``LISTEN_S`` seconds of a sound file, shape (65,), not yet standardised.

    Mean and deviation of 20 mel-frequency cepstral coefficients (timbre), mean chroma (harmony), mean and deviation of spectral
    contrast, and the logarithm of the tempo: the classical features of music retrieval (Tzanetakis and Cook 2002; contrast:
    Jiang et al. 2002), by librosa.

    Raises:
        BackEndUnavailable: librosa is not installed.
        TooLittleSound: the file is silent, or shorter than ``MIN_S`` seconds.
        BackEndError: the file is no sound.
    """
    try:
        import librosa
        from librosa.onset import onset_strength
    except ImportError as error:
        raise BackEndUnavailable("music needs librosa: pip install 'tastemaker[music]'", back_end="music") from error
    samples = read_sound(path, LISTEN_S)
    if len(samples) < MIN_S * SOUND_HZ or not float(np.abs(samples).max()) > 1e-4:
        raise TooLittleSound(f"{Path(path).name} is silent or shorter than {MIN_S:g} s", back_end="music")
    spectrum = np.abs(librosa.stft(samples, n_fft=2048, hop_length=512))
    mel = librosa.feature.melspectrogram(S=spectrum**2, sr=SOUND_HZ)
    timbre = librosa.feature.mfcc(S=librosa.power_to_db(mel), n_mfcc=20)
    harmony = librosa.feature.chroma_stft(S=spectrum**2, sr=SOUND_HZ, tuning=0.0)
    contrast = librosa.feature.spectral_contrast(S=spectrum, sr=SOUND_HZ, n_bands=BANDS)
    onsets = onset_strength(S=librosa.power_to_db(mel), sr=SOUND_HZ)
    tempo = float(np.atleast_1d(librosa.feature.tempo(onset_envelope=onsets, sr=SOUND_HZ))[0])
    parts = [
        timbre.mean(1),
        timbre.std(1),
        harmony.mean(1),
        contrast.mean(1),
        contrast.std(1),
        [np.log2(max(tempo, 1.0))],
    ]
    return np.concatenate(parts).astype(np.float32)


async def describe_track(path: str) -> Features:
    """Return ``track_features`` of ``path`` from a thread. Raises as it does."""
    return await asyncio.to_thread(track_features, path)
