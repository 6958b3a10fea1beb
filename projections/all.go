package projections

// All are the read models, in the order they are folded.
func All() []Projection {
	return []Projection{registers, institutions, students, enrollments, transfers, transcripts, credentials, attestations, statusLists, statistics}
}
