"""The roof: the journey of a lead and the pages that show several floors."""
