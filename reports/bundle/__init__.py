"""One run as one file that stands alone, bundle.zip: writing it, and opening one of a stranger."""
