"""The self-audit: the twelve rules of Hoefler and Belli, each checked on this run's own data."""

from reports.audit.evidence import Evidence
from reports.audit.finding import Finding, Part
from reports.audit.rules import RULES, Audited, audit, tally

__all__ = ["RULES", "Audited", "Evidence", "Finding", "Part", "audit", "tally"]
