"""Campaigns: what each brought and cost, which UTM values belong to it, and values that nobody described yet."""
