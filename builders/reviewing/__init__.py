"""Review: a page of this machine on which a person puts labels right."""
