"""Excel: the summary workbook, the agencies' round trip, and assessments that arrive as a workbook."""
