"""What Earmark remembers, behind ports.Store: SqlStore (sql.py) and MemoryStore (memory)."""
