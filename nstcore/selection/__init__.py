"""Which pictures a study uses: its styles and contents."""
