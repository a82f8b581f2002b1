"""Báo cáo bằng Excel: an agency's template out, the filled one back in, previewed and then applied as a whole."""
