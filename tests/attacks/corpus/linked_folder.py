# number = ""
# tries = "a link to the course's folder in place of the student's"
# says = 'link|neither'
# kind = "folder"
# refused = true
def attack(folder, student, notebook):
    (folder / student).symlink_to(OUTSIDE["root"])
