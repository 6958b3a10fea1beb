package award

import (
	"fmt"
	"slices"
	"strings"

	"sijil/domain"
)

// Decider holds the rules of one award and its editions.
var Decider = domain.Decider[Command, State, Event]{Category: "award", Decide: decide, Evolve: evolve}

// MaxAge is how many days an award date may lie before the day of recording. Beyond it,
// someone outside the school has to agree: nobody writes themselves an old diploma.
const MaxAge = 90

func decide(s State, c Command) ([]Event, error) {
	switch c := c.(type) {
	case GrantDateException:
		return grantDateException(s, c)
	case AwardDiploma:
		return awardDiploma(s, c)
	case CorrectDiploma:
		return correctDiploma(s, c)
	case ReissueDiploma:
		return reissueDiploma(s, c)
	case ReviewAward:
		return reviewAward(s, c)
	case PrepareCredential:
		return prepare(s, c)
	case SignCredential:
		return sign(s, c)
	case PrepareForm:
		return prepareForm(s, c)
	case SignForm:
		return signForm(s, c)
	case SuspendCredential:
		return suspend(s, c)
	case ReinstateCredential:
		return reinstate(s, c)
	case ProposeRevocation:
		return proposeRevocation(s, c)
	case ApproveRevocation:
		return approveRevocation(s, c)
	}
	return nil, fmt.Errorf("award: no rule for %T", c)
}

func grantDateException(s State, c GrantDateException) ([]Event, error) {
	if err := domain.Check(
		domain.Rule{Field: "diplomaAwardDate", Holds: c.AwardDate.Valid(), Says: "is a day of the calendar"},
		domain.Rule{Field: "reason", Holds: c.Reason.Is("AwardDateExceptionReason"), Says: "is a code of an AwardDateExceptionReasonDescriptor list"},
	); err != nil {
		return nil, err
	}
	if c.AwardDate > c.Today {
		return nil, errFuture()
	}
	if s.Ended() {
		return nil, errEnded()
	}
	if s.Live() != 0 {
		return nil, domain.Refuse(domain.Conflict, "already_awarded", "the diploma has been awarded; a correction keeps its date")
	}
	if s.allows(c.AwardDate, "") {
		return nil, nil
	}
	return []Event{DateExceptionGranted{c.AwardDate, c.Authority, c.GrantedBy, c.Reason}}, nil
}

// allows reports whether somebody outside institution allowed the date.
func (s State) allows(day domain.Date, institution domain.ID) bool {
	return slices.ContainsFunc(s.Exceptions, func(x Exception) bool { return x.AwardDate == day && x.Authority != institution })
}

func awardDiploma(s State, c AwardDiploma) ([]Event, error) {
	if s.Ended() {
		return nil, errEnded()
	}
	if s.Live() != 0 {
		return nil, domain.Refuse(domain.Conflict, "already_awarded", "the diploma has been awarded; a change to it is a correction")
	}
	return s.edition(c, "")
}

func correctDiploma(s State, c CorrectDiploma) ([]Event, error) {
	live, err := s.live()
	if err != nil {
		return nil, err
	}
	if !c.Reason.Known() {
		return nil, domain.Refuse(domain.Invalid, "invalid_field", "correctionReason is one of name_changed, birth_data_corrected, result_amended, clerical_error")
	}
	if c.Institution != s.Editions[live-1].Institution {
		return nil, domain.Refuse(domain.Forbidden, "not_the_awarding_institution", "only the institution that awarded the diploma corrects it")
	}
	facts, err := s.edition(c.AwardDiploma, c.Reason)
	if err != nil {
		return nil, err
	}
	// One append: there is no moment with two live editions, and none without.
	return append(facts, CredentialSuperseded{Edition: live, By: len(s.Editions) + 1}), nil
}

func reissueDiploma(s State, c ReissueDiploma) ([]Event, error) {
	n := s.Of(c.Credential)
	ed, ok := s.Edition(n)
	switch {
	case !ok:
		return nil, errNotFound()
	case ed.Phase == Prepared || ed.Phase == Signed:
	case ed.Phase == Revoked:
		return nil, errEnded()
	default:
		return nil, domain.Refuse(domain.Conflict, "credential_superseded", "a later edition has taken the credential's place")
	}
	switch {
	case ed.KeyID != c.KeyID:
		return nil, domain.Refuse(domain.Conflict, "another_key", "the credential was signed with another key")
	case ed.Suspended:
		// The next edition would not be suspended.
		return nil, domain.Refuse(domain.Conflict, "credential_suspended", "the credential is suspended: reinstate or revoke it first")
	case c.Institution != ed.Institution:
		return nil, domain.Refuse(domain.Forbidden, "not_the_awarding_institution", "only the institution that awarded the diploma issues it again")
	}
	facts, err := s.edition(c.AwardDiploma, KeyCompromised)
	if err != nil {
		return nil, err
	}
	return append(facts, CredentialSuperseded{Edition: n, By: len(s.Editions) + 1}), nil
}

// edition is the next edition, when the rules allow it.
func (s State) edition(c AwardDiploma, why CorrectionReason) ([]Event, error) {
	if !c.AwardDate.Valid() {
		return nil, domain.Refuse(domain.Invalid, "invalid_field", "diplomaAwardDate is a day of the calendar")
	}
	if err := s.mayAward(c.Institution, c.AwardDate, c.Today, c.Evidence); err != nil {
		return nil, err
	}
	e := c.Evidence
	return []Event{DiplomaAwarded{
		Edition: len(s.Editions) + 1, Institution: c.Institution, AwardDate: c.AwardDate,
		AchievementType: e.AchievementType, Title: e.Title,
		Enrollment: e.Enrollment, Plan: e.Plan, PlanVersion: e.PlanVersion, Accreditation: e.Accreditation, Assessment: e.Assessment,
		Approvers: e.Approvers, Correction: why, Claims: c.Claims,
	}}, nil
}

// mayAward is what a diploma must rest on (architecture decision 11), each with its own no.
func (s State) mayAward(institution domain.ID, day, today domain.Date, e Evidence) error {
	conflict := func(code, format string, args ...any) error {
		return domain.Refuse(domain.Conflict, code, format, args...)
	}
	switch {
	case day > today:
		return errFuture()
	case e.Enrollment == "" || e.EntryDate > day:
		return conflict("not_enrolled", "the student was not enrolled in this program at this institution by %s", day)
	case e.Assessment == "":
		return conflict("graduation_not_assessed", "the record was not assessed for this program yet, or the assessment was rescinded")
	case !e.PlanInForce:
		return conflict("plan_not_in_force", "version %d of the graduation plan was not in force on %s", e.PlanVersion, e.EventDate)
	case len(e.Gaps) > 0:
		return conflict("requirements_not_met", "credits or grades are missing: %s", strings.Join(e.Gaps, ", "))
	case e.Accreditation == "":
		return conflict("not_accredited", "no accreditation lets this institution award this program on %s", day)
	case e.EventDate > day:
		return conflict("award_before_completion", "the program was completed on %s, after the award date", e.EventDate)
	case distinct(e.Approvers) < 2 || !e.Confirmed:
		return conflict("second_approver_missing", "two different officers have to approve the graduation; %d did", distinct(e.Approvers))
	case day.AddDays(MaxAge) < today && !s.allows(day, institution) && !s.awardedOn(day):
		return domain.Refuse(domain.Forbidden, "needs_second_approval", "the award date lies more than %d days back; an officer of an authority outside the school has to allow it first (POST /v1/awardDateExceptions)", MaxAge)
	}
	return nil
}

// awardedOn reports whether an edition with this date exists: a correction keeps it.
func (s State) awardedOn(day domain.Date) bool {
	return slices.ContainsFunc(s.Editions, func(e Edition) bool { return e.AwardDate == day && e.Phase != Annulled })
}

func distinct(names []string) int {
	return len(slices.Compact(slices.Sorted(slices.Values(names))))
}

func errFuture() error {
	return domain.Refuse(domain.Invalid, "date_in_future", "a diploma is awarded today or on an earlier day")
}

func reviewAward(s State, c ReviewAward) ([]Event, error) {
	ed, ok := s.Edition(c.Edition)
	if !ok {
		return nil, errNotFound()
	}
	if ed.Phase != Awarded {
		return nil, nil
	}
	// The edition itself is no ground for its date.
	before := State{Exceptions: s.Exceptions, Editions: s.Editions[:c.Edition-1]}
	if err := before.mayAward(ed.Institution, ed.AwardDate, c.Day, c.Evidence); err != nil {
		return []Event{AwardAnnulled{Edition: c.Edition, Reason: domain.CodeOf(err)}}, nil
	}
	return nil, nil
}

func errEnded() error {
	return domain.Refuse(domain.Conflict, "credential_revoked", "this award ended with a revocation, which is final")
}

func errNotFound() error {
	return domain.Refuse(domain.Missing, "not_found", "there is no such record here")
}
