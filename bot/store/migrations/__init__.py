"""The schema's history, run by alembic from bot.store.migrate."""
