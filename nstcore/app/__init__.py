"""`nst`: a photograph, or a hundred, painted like an artist, without a study."""
