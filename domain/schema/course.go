package schema

import "sijil/domain/course"

var _ = register(
	fact[course.CourseDefined]("course.CourseDefined.v1"),
	fact[course.CourseRetired]("course.CourseRetired.v1"),
)
