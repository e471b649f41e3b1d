"""From labelled lines to metadata: title, dates, authors, language, publisher."""
