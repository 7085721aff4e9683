"""Finding, fetching and storing: nodes, folders, the embedded archive, the index and the outbox."""
