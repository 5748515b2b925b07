"""Makes the CSV of grades that the Gradebook of Canvas imports.

The CSV has the form of a Gradebook export: five columns that identify the student, a row `Points
Possible`, then a line for each student. Canvas finds a student by `SIS Login ID`, which is the id
in our roster, or by the name where that id is unknown. A column with the title of no assignment
makes a new assignment. A blank cell is no grade. `Actions > Import` shows every change before it is
made.

Canvas Instructor Guide, "How do I import grades in the Gradebook?"; and the importer itself:
https://github.com/instructure/canvas-lms/blob/master/lib/gradebook_importer.rb
"""

from __future__ import annotations

from autograder.gradebook.exports.columns import columns
from autograder.gradebook.exports.sheet import number, safe, sheet
from autograder.gradebook.standing import ClassGrades, StudentGrades

WHO = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
POINTS_POSSIBLE = "    Points Possible"


def canvas_text(grades: ClassGrades, *, per_exercise: bool = False) -> str:
    """Return the grades as a CSV for Canvas; `columns` describes the columns of points."""
    wanted = columns(grades, per_exercise=per_exercise)
    return sheet(
        [
            [*WHO, *(column.title for column in wanted)],
            [POINTS_POSSIBLE, "", "", "", "", *(number(c.max_points) for c in wanted)],
            *(
                [safe(_name(line)), "", "", line.student, "", *(c.cell(line) for c in wanted)]
                for line in grades.students
            ),
        ]
    )


def _name(line: StudentGrades) -> str:
    """Return a student's name with the last name first, as Canvas sorts it."""
    return ", ".join(filter(None, (line.last_name, line.first_name))) or line.student
