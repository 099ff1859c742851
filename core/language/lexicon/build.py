"""Compile the lexicon from its sources: ``python -m tastemaker.core.language.lexicon.build FOLDER``.

FOLDER holds, as their makers publish them: ``data.noun``, ``data.verb``, ``data.adj``, ``index.*`` and ``cntlist.rev`` of WordNet 3.0; the tables
``wn-data-cmn.tab`` (Chinese Open Wordnet), ``wn-wikt-deu.tab`` and ``wn-cldr-deu.tab``, ``wn-cldr-cmn.tab`` of the Open Multilingual Wordnet;
``cedict_1_0_ts_utf-8_mdbg.txt.gz`` of CC-CEDICT. NOTICE says where they come from and on which terms.
"""

from __future__ import annotations

import gzip
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..keys import key_of
from .glosses import DATA as GLOSSES
from .glosses import USUAL
from .lexicon import DATA, LANGUAGES

CEDICT = "cedict_1_0_ts_utf-8_mdbg.txt.gz"
FEWEST_HAN, MOST_GLOSSES = 2, 4
"""Characters of a Chinese word that is glossed, and its glosses, at least and at most."""
_POS = {"noun": "n", "verb": "v", "adj": "a"}
_HYPERNYM = "@"
MOST_WORDS, LONGEST_HAN = 3, 6
"""Words of the longest English or German phrase, and characters of the longest Chinese word."""
FEW_SENSES = 4
"""A Chinese word may mean each sense of an English word that has no more; the company of a value tells which."""
SURE_SHARE = 0.6
"""Share of a word's uses from which its first sense is meant where nothing else tells."""
_TABLES = {
    "de": ("wn-wikt-deu.tab", "wn-cldr-deu.tab"),
    "zh": ("wn-data-cmn.tab", "wn-cldr-cmn.tab"),
}
_LEFT_OUT = re.compile(r"surname|variant of|abbr\.|CL:|see |used in|\(loanword\)|\(archaic\)|\(old\)|Japanese|\(Tw\)")


@dataclass
class Synset:
    """A sense with its kind (WordNet's lexicographer file), its broader sense, how often it is used, and its words by language."""

    kind: int
    broader: str = ""
    uses: int = 0
    words: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))


def build(folder: Path) -> bytes:
    """Return the lexicon compiled from the sources in ``folder``.

    Raises:
        FileNotFoundError: a source is not there.
    """
    synsets = {name: synset for pos in _POS for name, synset in _wordnet(folder, pos)}
    senses, uses = _senses(folder), _uses(folder)
    for (_, name), n in uses.items():
        synsets[name].uses += n
    for language, tables in _TABLES.items():
        for table in tables:
            for name, word in _table(folder / table):
                if name in synsets and _is_kept(word, language):
                    synsets[name].words[language].append(word)
    for word, name in _of_cedict(folder, senses, synsets):
        synsets[name].words["zh"].append(word)
    return _written(_connected(synsets), _usual(senses, uses))


def _wordnet(folder: Path, pos: str) -> Iterator[tuple[str, Synset]]:
    for line in (folder / f"data.{pos}").read_text(encoding="latin-1").splitlines():
        if line.startswith("  "):
            continue
        parts = line.partition(" | ")[0].split()
        count = int(parts[3], 16)
        synset = Synset(int(parts[1]))
        for n in range(count):
            word = re.sub(r"\((?:a|p|ip)\)$", "", parts[4 + 2 * n]).replace("_", " ")
            if _is_kept(word, "en"):
                synset.words["en"].append(word)
        at = 4 + 2 * count + 1
        pointers = [parts[i : i + 4] for i in range(at, at + 4 * int(parts[at - 1]), 4)]
        broader = [f"{p[1]}-{p[2]}" for p in pointers if p[0] == _HYPERNYM]
        synset.broader = next(iter(broader), "")
        yield f"{parts[0]}-{_POS[pos]}", synset


def _senses(folder: Path) -> dict[str, list[str]]:
    """Return English word with its part of speech ("sofa-n") -> its senses, the most usual first."""
    found: dict[str, list[str]] = {}
    for pos, letter in _POS.items():
        for line in (folder / f"index.{pos}").read_text(encoding="latin-1").splitlines():
            if not line.startswith("  "):
                parts = line.split()
                count = int(parts[2])
                found[f"{parts[0].replace('_', ' ')}-{letter}"] = [f"{p}-{letter}" for p in parts[-count:]]
    return found


def _uses(folder: Path) -> Counter[tuple[str, str]]:
    """Return (word with part of speech, sense) -> how often WordNet's texts use it so."""
    senses, found = _senses(folder), Counter[tuple[str, str]]()
    for line in (folder / "cntlist.rev").read_text(encoding="latin-1").splitlines():
        sense, number, uses = line.split()
        word, _, rest = sense.partition("%")
        letter = {"1": "n", "2": "v", "3": "a", "5": "a"}.get(rest[0])
        own = senses.get(f"{word.replace('_', ' ')}-{letter}", [])
        if int(number) <= len(own):
            found[f"{word.replace('_', ' ')}-{letter}", own[int(number) - 1]] += int(uses)
    return found


def _table(path: Path) -> Iterator[tuple[str, str]]:
    for line in path.read_text(encoding="utf-8").splitlines():
        name, kind, word = [*line.split("\t"), "", ""][:3]
        if kind.endswith(":lemma"):
            plain = word.replace("+", "").strip()
            yield name.replace("-s", "-a"), plain.removesuffix("的") if len(plain) > 2 else plain


def _is_kept(word: str, language: str) -> bool:
    """Tell whether shoppers may say a word: no formula, no sentence."""
    if language == "zh":
        return 1 <= len(word) <= LONGEST_HAN and all("\u3400" <= c <= "\u9fff" for c in word)
    return len(word.split()) <= MOST_WORDS and len(word) >= 3 and re.fullmatch(r"[^\W\d_][\w' -]*", word) is not None


def _of_cedict(
    folder: Path, senses: Mapping[str, list[str]], synsets: Mapping[str, Synset]
) -> Iterator[tuple[str, str]]:
    """Yield (Chinese word, sense): the senses that two of its glosses share, else those of its first one where the wordnet lacks it."""
    text = gzip.decompress((folder / CEDICT).read_bytes()).decode("utf-8")
    known = {word for synset in synsets.values() for word in synset.words["zh"]}
    for line in text.splitlines():
        found = re.match(r"\S+ (\S+) \[([^\]]+)\] /(.*)/", line)
        if found is None or not _is_kept(found[1], "zh"):
            continue
        glosses = [
            [name for letter in letters for name in senses.get(f"{word}-{letter}", ()) if name in synsets]
            for word, letters in dict.fromkeys(_glosses(found[3]))
        ]
        support = Counter(name for own in glosses for name in own)
        shared = [name for name, n in support.items() if n > 1][:2]
        first = [] if found[1] in known else next((_sure(own, synsets) for own in glosses if own), [])
        plain = [name for own in glosses[:3] if len({synsets[n].kind for n in own}) == 1 for name in own[:2]]
        for name in dict.fromkeys([*shared, *first, *plain]):
            yield found[1], name


def _glosses(text: str) -> Iterator[tuple[str, str]]:
    """Yield each gloss that is one word or phrase, with the parts of speech that it may be."""
    for gloss in re.split(r"[/;]", text):
        if _LEFT_OUT.search(gloss):
            continue
        plain = re.sub(r"\([^)]*\)|\[[^\]]*\]", "", gloss).strip().lower()
        verb = plain.startswith("to ")
        yield re.sub(r"^(?:to|an?|the) ", "", plain), "v" if verb else "na"


def glosses(folder: Path) -> bytes:
    """Return sorted lines of CC-CEDICT: a Chinese word of several characters with its short glosses, and a gloss with such words."""
    text = gzip.decompress((folder / CEDICT).read_bytes()).decode("utf-8")
    both = defaultdict[str, dict[str, None]](dict)
    for line in text.splitlines():
        found = re.match(r"\S+ (\S+) \[([^\]]+)\] /(.*)/", line)
        if found is None or len(found[1]) < FEWEST_HAN or not _is_kept(found[1], "zh"):
            continue
        said = [form for gloss, _ in _glosses(found[3]) for form in _plain(gloss)]
        for n, form in enumerate(dict.fromkeys(said[:MOST_GLOSSES])):
            both[found[1]][form] = None
            if n < USUAL:
                both[form][found[1]] = None
    lines = (f"{key}\t{'|'.join(found)}" for key, found in both.items())
    return "\n".join(sorted(lines, key=str.encode)).encode() + b"\n"


def _plain(gloss: str) -> Iterator[str]:
    """Yield what a gloss says without the verb of an ailment or a state and the noun of a language, and both sides of "or"."""
    for form in re.sub(r"^(?:be|become|suffer from|have) | language$", "", gloss).split(" or "):
        if _is_kept(form, "en"):
            yield key_of(form)


def _sure(names: Sequence[str], synsets: Mapping[str, Synset]) -> list[str]:
    """Return the senses of a word that has few, or the one that most of its uses have."""
    if len(names) <= FEW_SENSES:
        return [*names]
    uses = {name: synsets[name].uses for name in names}
    most = max(uses, key=lambda name: uses[name], default="")
    return [most] if most and uses[most] and uses[most] >= SURE_SHARE * sum(uses.values()) else []


def _connected(synsets: Mapping[str, Synset]) -> dict[str, Synset]:
    """Return the senses that say something in two ways, and all that are broader than one of them."""
    kept = {n for n, s in synsets.items() if s.words.keys() - {"en"} or (len(s.words["en"]) > 1 and s.uses)}
    waiting = list(kept)
    while waiting:
        broader = synsets[waiting.pop()].broader
        if broader in synsets and broader not in kept:
            kept.add(broader)
            waiting.append(broader)
    return {name: synsets[name] for name in sorted(kept)}


def _usual(
    senses: Mapping[str, list[str]], uses: Mapping[tuple[str, str], int]
) -> dict[tuple[str, str], tuple[int, int]]:
    """Return (English key, sense) -> a rank that is smaller the more usual the sense is among those of the word."""
    return {
        (key_of(word[:-2]), name): (-uses.get((word, name), 0), n)
        for word, names in senses.items()
        for n, name in enumerate(names)
    }


def _written(synsets: Mapping[str, Synset], usual: Mapping[tuple[str, str], tuple[int, int]]) -> bytes:
    """Return the lines of the file, sorted by their bytes: a sense after "#", a word with its senses, the most used first."""
    number = {name: f"{n:x}" for n, name in enumerate(synsets)}
    lines, by_word = [], defaultdict[str, list[tuple[tuple[int, int], str]]](list)
    for name, synset in synsets.items():
        words = {language: list(dict.fromkeys(synset.words[language])) for language in LANGUAGES}
        listed = "\t".join("|".join(words[language]) for language in LANGUAGES)
        lines.append(f"#{number[name]}\t{synset.kind}\t{number.get(synset.broader, '')}\t{synset.uses}\t{listed}")
        for language in LANGUAGES:
            for key in dict.fromkeys(key_of(word) for word in words[language]):
                rank = usual.get((key, name), (0, 99)) if language == "en" else (-synset.uses, 0)
                by_word[f"{key}\t{language}"].append((rank, number[name]))
    for key, found in by_word.items():
        lines.append(f"{key}\t{' '.join(name for _, name in sorted(found))}")
    return "\n".join(sorted(lines, key=lambda line: line.encode())).encode() + b"\n"


def main() -> None:
    """Write the lexicon and the glosses from the folder named on the command line."""
    folder = Path(sys.argv[1])
    DATA.write_bytes(gzip.compress(build(folder), mtime=0))
    GLOSSES.write_bytes(gzip.compress(glosses(folder), mtime=0))


if __name__ == "__main__":
    main()
