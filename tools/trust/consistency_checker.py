"""Check that what a user writes, shows and says fits together, and that the media are as their signers left them.

A photo contradicts a text when nothing the text names is visible in it while something else surely is. Visibility is measured by lift:
the cosine of word and photo less the cosine of the word and the mean photo, so that words near every photo gain nothing. The
thresholds and the data they were fitted on are in ``tools/trust/data/consistency.json``. Texts that name nothing visible ("something like this but cheaper") are no evidence.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import cache
from itertools import chain, groupby
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ...core.errors import BackEndError, ToolError
from ...core.protocols import ImageTextModel, Vectors
from ...core.redaction import public_reason
from ...core.schemas import Check, Evidence, Frozen, MediaFile, Verdict, VerdictState
from ...models.captions.vocabulary import Vocabulary, packaged_vocabulary, word_vectors
from .content_credentials import read_credentials
from .examiner import Examiner
from .method import Heat, When
from .policy import combine
from .printed_text import LIMITS as PRINT_LIMITS
from .printed_text import SOURCE as PRINT_SOURCE
from .printed_text import PrintedText
from .subjects_in_text import SubjectFinder, Subjects
from .whole_text import LIMITS, SOURCE, WholeText

THRESHOLDS = Path(__file__).parent / "data" / "consistency.json"
MIN_TRANSCRIPT_CONFIDENCE = 0.4
MAP_SIDE = 256
ADDING_WORDS = frozenset({"also", "too", "plus", "and", "or", "else", "another"})
Credentials = Callable[[MediaFile], Awaitable[Check]]


class Thresholds(Frozen):
    """When a photo and a text agree or contradict each other, for one image-text model; ``fitted`` says on what.

    ``verified``: least lift of a named thing that counts as seen. ``conflict``: lift below which it counts as absent.
    ``sure``: least lift of another thing for that absence to be a contradiction. ``same_word``: cosine of two words'
    vectors from which they may mean the same thing. ``mean``: the mean picture vector of the packaged projection.
    """

    model: str
    verified: float
    conflict: float
    sure: float
    same_word: float
    mean: tuple[float, ...]
    fitted: str


class _Words(NamedTuple):
    """A text, which check it is for and where it came from."""

    check: str
    text: str
    source: str


class _Shown(NamedTuple):
    """A photo or a video's frames, with the surest probability of every thing its captions name."""

    medium: str
    pictures: tuple[MediaFile, ...]
    tags: dict[str, float]


@cache
def packaged_thresholds(path: Path = THRESHOLDS) -> Thresholds:
    """Return the thresholds fitted for the embedded image-text model."""
    return Thresholds.model_validate_json(path.read_bytes())


class ConsistencyChecker:
    """Compare text, photos and speech with each other, and read the media's Content Credentials.

    Args:
        model: the image-text model; comparisons with photos need thresholds for it, else they are no evidence.
        credentials: reads one medium's Content Credentials.
        thresholds: in place of the packaged ones.
        vocabulary: the things that can be recognised.
        examiner: looks for traces of forgery in photos.
        whole_text: compares photos with whole texts, where a check is asked for.
        printed: compares what is printed in photos with texts, where a check is asked for.
        closely: run the slow methods in every request too.
    """

    def __init__(
        self,
        model: ImageTextModel,
        credentials: Credentials = read_credentials,
        thresholds: Thresholds | None = None,
        vocabulary: Vocabulary | None = None,
        *,
        examiner: Examiner | None = None,
        whole_text: WholeText | None = None,
        printed: PrintedText | None = None,
        closely: bool = False,
    ) -> None:
        self._model = model
        self._credentials = credentials
        self._thresholds = thresholds
        self._vocabulary = vocabulary or packaged_vocabulary()
        self._examine, self._whole_text, self._slow_too = examiner or Examiner(), whole_text, closely
        self._print = printed
        things = [w for w, kind in zip(self._vocabulary.words, self._vocabulary.kinds, strict=True) if kind == "thing"]
        self._finder, self._things = SubjectFinder(things), frozenset(things)

    async def __call__(
        self, text: str, media: Sequence[MediaFile], evidence: Sequence[Evidence], maps: dict[str, Heat] | None = None
    ) -> Verdict:
        """Return every check that ran and what follows; see ``combine``. Never raises for a medium it cannot read.

        Where ``maps`` is given the slow methods run too, and it receives the map of suspicion of each photo that has one.
        """
        originals = [m for m in media if "-frame-" not in m.media_id]
        spoken = [e for e in evidence if e.kind == "transcript" and e.confidence >= MIN_TRANSCRIPT_CONFIDENCE]
        said = [_Words("image_transcript", e.content, e.evidence_id) for e in spoken if e.content.strip()]
        written = [_Words("text_image", text, "text")] if text.strip() else []
        jobs: list[Awaitable[Check]] = [self._authentic(m) for m in originals]
        when: When = "asked" if self._slow_too or maps is not None else "request"
        for shown in self._shown(media, evidence):
            jobs += [self._picture(words, shown) for words in said]
            jobs += [(self._picture if when == "request" else self._closely)(words, shown) for words in written]
            if self._print is not None and when == "asked" and len(shown.pictures) == 1:
                jobs += [self._printed(self._print, words, shown) for words in written]
        jobs += [self._speech(text, e) for e in spoken if written]
        checks, examined = await asyncio.gather(
            asyncio.gather(*jobs), asyncio.gather(*(self._examine(m, when) for m in originals))
        )
        found = list(chain.from_iterable(examined))
        if maps is not None:
            for check, finding in found:
                if finding.heat is not None:
                    maps[check.about[0]] = np.maximum(maps.get(check.about[0], 0), _square(finding.heat))
        return combine([*checks, *(check for check, _ in found)], media)

    def _shown(self, media: Sequence[MediaFile], evidence: Sequence[Evidence]) -> Iterable[_Shown]:
        """Yield each photo, and each video with its frames."""
        stills = sorted((m for m in media if m.kind == "image"), key=_original)
        for medium, group in groupby(stills, key=_original):
            pictures = tuple(group)
            tags: dict[str, float] = {}
            for piece in evidence:
                if piece.kind == "caption" and piece.source in {p.media_id for p in pictures}:
                    for tag in (t for t in piece.tags if t.label in self._things):
                        tags[tag.label] = max(tags.get(tag.label, 0.0), tag.confidence)
            yield _Shown(medium, pictures, tags)

    async def _authentic(self, medium: MediaFile) -> Check:
        try:
            return await self._credentials(medium)
        except ToolError as error:
            return _check(
                "content_credentials",
                "no evidence",
                f"Not read: {public_reason(error, 'consistency')}.",
                (medium.media_id,),
            )

    async def _closely(self, words: _Words, shown: _Shown) -> Check:
        """Compare a photo with the things that a text names and, where it can be done, with the whole text."""
        check = await self._picture(words, shown)
        if self._whole_text is None or len(shown.pictures) > 1:
            return check
        probability = await self._whole_text.probability(shown.pictures[0].path, words.text)
        if probability is None:
            return check
        named = bool(self._finder.find(words.text).words)
        state, reason = self._whole_text.judge(probability, check.state, named=named)
        said = {"state": state, "reason": reason or check.reason, "score": round(probability, 4)}
        return check.model_copy(update={**said, "source": SOURCE, "limits": LIMITS})

    async def _printed(self, compare: PrintedText, words: _Words, shown: _Shown) -> Check:
        """Compare what a photo's labels and boxes say with what the text claims."""
        state, reason = await compare(shown.pictures[0].path, words.text)
        check = _check("printed_text", state, reason, (words.source, shown.medium))
        return check.model_copy(update={"source": PRINT_SOURCE, "limits": PRINT_LIMITS})

    async def _picture(self, words: _Words, shown: _Shown) -> Check:
        about = (words.source, shown.medium)
        subjects = self._finder.find(words.text)
        if not subjects.words:
            return _check(words.check, "no evidence", "The words name nothing that a picture could show.", about)
        other = max(shown.tags, key=shown.tags.__getitem__, default="")
        named = (*subjects.words, *subjects.others, *([other] if other else []))
        try:
            images, vectors = await asyncio.gather(
                self._model.embed_images([picture.path for picture in shown.pictures]), self._vectors(named)
            )
        except BackEndError as error:
            return _check(words.check, "no evidence", f"Not compared: {public_reason(error, 'consistency')}.", about)
        cosine = float((images @ vectors[: len(subjects.words)].T).max())
        limits = self._thresholds or packaged_thresholds()
        if limits.model != self._model.name:
            reason = "No thresholds were fitted for this image-text model."
            return _check(words.check, "no evidence", reason, about, cosine)
        lifts = lift(images, vectors, np.asarray(limits.mean, np.float32))
        state, reason = self._judge(subjects, lifts, vectors, other=other, medium=shown.medium)
        return _check(words.check, state, reason, about, cosine)

    async def _vectors(self, words: Sequence[str]) -> Vectors:
        chosen = Vocabulary(tuple(words), ("thing",) * len(words), self._vocabulary.templates)
        return await word_vectors(chosen, self._model, None)

    def _judge(
        self, subjects: Subjects, lifts: Vectors, vectors: Vectors, *, other: str, medium: str
    ) -> tuple[VerdictState, str]:
        """Judge by the lifts of subjects, other words of the text and, last, the surest other thing in the picture."""
        limits, count = self._thresholds or packaged_thresholds(), len(subjects.words)
        surest = int(lifts[:count].argmax())
        if lifts[surest] >= limits.verified:
            return "verified", f"The words name {subjects.words[surest]!r}, which {medium} shows."
        named = slice(0, count + len(subjects.others))
        kindred = bool((vectors[named] @ vectors[-1]).max() >= limits.same_word)
        if other and lifts[named].max() < limits.conflict and lifts[-1] >= limits.sure and not kindred:
            words = " or ".join(repr(word) for word in subjects.words[:3])
            return "conflict", f"The words name {words}, but {medium} shows {other!r} instead."
        return "no evidence", f"Whether {medium} shows {subjects.words[surest]!r} cannot be told."

    async def _speech(self, text: str, transcript: Evidence) -> Check:
        """Compare what was written with what was said by the things they name."""
        about = ("text", transcript.evidence_id, transcript.source)
        written, said = self._finder.find(text), self._finder.find(transcript.content)
        if not (written.words and said.words):
            return _check("text_transcript", "no evidence", "Not both of text and speech name a thing.", about)
        left, right = (*written.words, *written.others), (*said.words, *said.others)
        try:
            vectors = await self._vectors([*left, *right])
        except BackEndError as error:
            return _check(
                "text_transcript", "no evidence", f"Not compared: {public_reason(error, 'consistency')}.", about
            )
        cosine = float((vectors[: len(left)] @ vectors[len(left) :].T).max())
        shared = next((word for word in written.words if word in said.words), None)
        if shared:
            return _check("text_transcript", "verified", f"Both text and speech name {shared!r}.", about, cosine)
        adds = ADDING_WORDS & set(f"{text} {transcript.content}".lower().replace(",", " ").split())
        limits = self._thresholds or packaged_thresholds()
        if adds or cosine >= limits.same_word or not (written.pointed and said.pointed):
            return _check("text_transcript", "no evidence", "Text and speech name different things.", about, cosine)
        reason = f"The text points at {written.words[0]!r}, the speech at {said.words[0]!r}."
        return _check("text_transcript", "conflict", reason, about, cosine)


def lift(images: Vectors, words: Vectors, mean: Vectors) -> Vectors:
    """Return for each word its highest cosine with any of the pictures less its cosine with the mean picture, (words,)."""
    return np.asarray((images @ words.T).max(axis=0) - words @ mean, np.float32)


def _square(heat: Heat) -> Heat:
    """Return a map of suspicion on a grid of ``MAP_SIDE`` by ``MAP_SIDE``, so that those of several methods fit together."""
    rows, columns = (np.arange(MAP_SIDE) * side // MAP_SIDE for side in heat.shape)
    return np.asarray(heat[np.ix_(rows, columns)], np.float32)


def _original(medium: MediaFile) -> str:
    return medium.media_id.split("-frame-")[0]


def _check(name: str, state: VerdictState, reason: str, about: tuple[str, ...], score: float | None = None) -> Check:
    return Check(check=name, state=state, reason=reason, about=about, score=None if score is None else round(score, 4))
