"""PDF/A-2b (ISO 19005-2): written by pikepdf and rules of our own, and let out when a validator approves of it."""
