"""A test double of Amazon Redshift: its wire protocol, its SQL and its COPY before a real PostgreSQL."""
from .recognise import recognise
from .refusal import NotImitated, Refusal

__all__ = ["NotImitated", "Refusal", "recognise"]
