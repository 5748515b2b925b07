"""Grades for Canvas: the CSV that its Gradebook imports.

The form is that of a Gradebook export: five columns that say who, a row `Points Possible`, then a
line a student. Canvas finds a student by `SIS Login ID`, which is the id of our roster; where that
is unknown, by the name. A column whose title no assignment has makes a new one; a blank cell is no
grade. `Actions > Import` shows every change before it is made.

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
    """The CSV; see `columns` for what the columns are."""
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
    """The name as Canvas sorts it: last name first."""
    return ", ".join(filter(None, (line.last_name, line.first_name))) or line.student
