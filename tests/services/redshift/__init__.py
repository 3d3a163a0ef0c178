"""A test double of Amazon Redshift: its wire protocol, its SQL and its COPY before a real PostgreSQL."""
from .double import RedshiftDouble
from .recognise import recognise
from .refusal import NotImitated, Refusal

__all__ = ["NotImitated", "RedshiftDouble", "Refusal", "recognise"]
