"""Which kinds of signal have earned trust: their lift, sales' word, and where the rules use them."""
