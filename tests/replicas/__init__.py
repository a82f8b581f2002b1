"""Several replicas on one database and one store of evidence."""
