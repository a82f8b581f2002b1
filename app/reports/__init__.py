"""Documents people take away: Word, Excel, CSV, calendars, and the charts that stand in them and on pages."""
