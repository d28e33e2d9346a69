"""What everything else stands on: errors, files, tables, the machine."""
