# number = "A6"
# tries = "searches every folder for tests, gradebook, secret and other submissions"
# says = 'kept out'
# walls = true
inside_the_sandbox()

import os

def search():
    wanted = ("_hidden.py", "gradebook.db", ".ipynb", "verdict.json", "class.toml", "secret")
    for folder, folders, files in os.walk("/"):
        own = ("/proc", "/dev", "/usr/lib", "/lib", "/grading/site-packages")
        if folder.startswith(own) or "/lib/python" in folder:
            folders.clear()
            continue
        for name in files:
            if name.endswith(wanted) or name.startswith("test_"):
                return os.path.join(folder, name)

def dot(x, y):
    attempt(
        search=search,
        **{name: lambda path=path: open(path, "rb").read() for name, path in OUTSIDE["files"].items()},
        checkout=lambda: os.listdir(OUTSIDE["root"]),
        home=lambda: os.listdir(os.path.dirname(OUTSIDE["files"]["secret"])),
        passwords=lambda: open("/etc/shadow").read(),
    )
