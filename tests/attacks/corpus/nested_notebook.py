# number = ""
# tries = "a file of JSON nested a hundred thousand deep"
# says = 'damaged'
# kind = "bytes"
def attack(notebook):
    return b"[" * 100_000
