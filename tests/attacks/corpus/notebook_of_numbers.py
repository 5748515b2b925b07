# number = ""
# tries = "a notebook with a number of a hundred thousand digits"
# says = 'damaged'
# kind = "bytes"
def attack(notebook):
    return b'{"nbformat": 4, "cells": [], "metadata": ' + b"9" * 100_000 + b"}"
