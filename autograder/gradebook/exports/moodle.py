"""Makes the CSV of grades that Moodle imports.

The headers are those of Moodle's own export. In `Grades > Import > CSV file`, map `ID number` (or
`Email address`) to the same field of the user, and each column of points to a grade item. Moodle
ignores columns that are not mapped. A blank cell is no grade. Moodle refuses the whole file when it
does not know one of the users.

https://docs.moodle.org/en/Grade_import
"""

from __future__ import annotations

from autograder.gradebook.exports.columns import columns
from autograder.gradebook.exports.sheet import safe, sheet
from autograder.gradebook.standing import ClassGrades

WHO = ("First name", "Last name", "ID number", "Email address")


def moodle_text(grades: ClassGrades, *, per_exercise: bool = False) -> str:
    """Return the grades as a CSV for Moodle; `columns` describes the columns of points."""
    wanted = columns(grades, per_exercise=per_exercise)
    return sheet(
        [
            [*WHO, *(f"{column.title} (Real)" for column in wanted)],
            *(
                [
                    *map(safe, (line.first_name, line.last_name, line.student, line.email)),
                    *(column.cell(line) for column in wanted),
                ]
                for line in grades.students
            ),
        ]
    )
