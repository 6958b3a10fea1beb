package schema

import "sijil/domain/statuslist"

var _ = register(
	fact[statuslist.StatusListOpened]("statusList.StatusListOpened.v1"),
	fact[statuslist.StatusIndexAssigned]("statusList.StatusIndexAssigned.v1"),
)
