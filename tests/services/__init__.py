"""Servers that tests start for themselves: PostgreSQL, an S3 store, Spark, and a double of Amazon Redshift."""
