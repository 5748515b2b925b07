"""Mutation of the reference: which changes of a solution does no test of its exercise notice?"""
