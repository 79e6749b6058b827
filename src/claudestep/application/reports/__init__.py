"""Reports as text: functions of a report's values."""
