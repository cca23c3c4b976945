"""How figures are drawn: few elements on a plain sheet, the same look for an executor in each."""
