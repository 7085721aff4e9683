"""The command line: one file a group of commands, each the same code path as the clicks."""
