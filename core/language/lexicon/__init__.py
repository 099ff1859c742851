"""An open lexicon of English, German and Chinese: what else a word is called, in the same language or another."""
