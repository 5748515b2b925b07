# number = ""
# tries = "a file whose content is script and terminal escapes, for whoever shows it"
# says = 'handed in: b'
# kind = "beside"
import json

def attack(folder, student, notebook):
    (folder / student).mkdir()
    (folder / student / "01_vectors.ipynb").write_text(json.dumps(notebook))
    run = "document.documentElement.setAttribute('data-ran','file')"
    (folder / student / "norm.bin").write_bytes(f"\x1b[2J<script>{run}</script><img src=x onerror={run}>".encode())
