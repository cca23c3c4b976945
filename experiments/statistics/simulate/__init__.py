"""Races on simulated machines whose true times are known: how often is a verdict wrong?"""
