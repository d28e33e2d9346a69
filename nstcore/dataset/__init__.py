"""Where pictures come from: download, archive, layout, artists, catalogue."""
