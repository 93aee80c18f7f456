"""Decoding and recognising. All of it runs in the sandbox, apart from the look at a document's first bytes."""
