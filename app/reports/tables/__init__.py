"""Every table as CSV: `columns` says what stands in each, `csv` writes it for people or for programs."""

from app.reports.tables.columns import TABLES, Column, Table
from app.reports.tables.csv import MOST_ROWS, Style, as_csv

__all__ = ["MOST_ROWS", "TABLES", "Column", "Style", "Table", "as_csv"]
