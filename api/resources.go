package api

// resources are the files that register operations, one per resource, in the order of
// the OpenAPI document's tags.
var resources = []func(*Server){
	(*Server).registerInstitutions,
	(*Server).registerAccreditations,
	(*Server).registerPrograms,
	(*Server).registerCourses,
	(*Server).registerGradingSchemes,
	(*Server).registerGraduationPlans,
	(*Server).registerSessions,
	(*Server).registerStudents,
	(*Server).registerEnrollments,
	(*Server).registerTransfers,
	(*Server).registerGrades,
	(*Server).registerCourseResults,
	(*Server).registerCredits,
	(*Server).registerAmendments,
	(*Server).registerGraduations,
	(*Server).registerTranscripts,
	(*Server).registerAwards,
	(*Server).registerCredentials,
	(*Server).registerAttestations,
	(*Server).registerShares,
	(*Server).registerStatistics,
	(*Server).registerSigningKeys,
	(*Server).registerIssuerMetadata,
	(*Server).registerBundleKey,
}
