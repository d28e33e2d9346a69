"""Pictures in and out: decoding, resizing, fingerprints."""
