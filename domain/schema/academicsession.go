package schema

import "sijil/domain/academicsession"

var _ = register(
	fact[academicsession.SessionOpened]("academicSession.SessionOpened.v1"),
	fact[academicsession.SessionFinalized]("academicSession.SessionFinalized.v1"),
)
