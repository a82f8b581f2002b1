"""A whole assessment as a workbook: the parts of a seed (docs/seed-format.md) as sheets, out and in again."""
