"""Servers that tests start for themselves: PostgreSQL, an S3 store, and a double of Amazon Redshift."""
