package enrollment

import "sijil/domain"

// Codes a completed transfer carries when the schools say nothing else.
var (
	// Transferred is the exit type of the old enrollment.
	Transferred = domain.EdFi("ExitWithdrawType", "Transferred")
	// ByTransfer is the entry type of the new one.
	ByTransfer = domain.EdFi("EntryType", "Transfer")
)

// TermDays is how long a request stays open when nobody says otherwise: a third of a year,
// the longest usual school term.
const TermDays = 122

func (s State) request(c RequestTransfer) ([]Event, error) {
	if err := domain.Check(
		domain.Rule{Field: "transfer", Holds: c.Transfer.Valid(), Says: "is an id"},
		domain.Rule{Field: "toSchool", Holds: c.To.Valid(), Says: "is the id of a school"},
		dayRule("entryDate", c.EntryDate), levelRule(c.GradeLevel, false),
		domain.Rule{Field: "lapseDate", Holds: c.LapseDate.Valid() && c.LapseDate > c.Today, Says: "comes after today"},
	); err != nil {
		return nil, err
	}
	if err := c.Evidence.permits(Placement{EntryDate: c.EntryDate}); err != nil {
		return nil, err
	}
	facts, err := s.lapsed(c.Today)
	if err != nil {
		return nil, err
	}
	e, ok := s.Primary()
	switch {
	case !ok:
		return nil, domain.Refuse(domain.Conflict, "not_enrolled", "the student has no primary enrollment to transfer from; enroll the student")
	case e.School == c.To:
		return nil, domain.Refuse(domain.Conflict, "already_enrolled", "the student is enrolled at this school")
	case c.EntryDate < e.Entry:
		return nil, errExitBeforeEntry(e.Entry)
	}
	return append(facts, TransferRequested{
		Transfer: c.Transfer, Enrollment: e.ID, FromSchool: e.School, ToSchool: c.To,
		Requested: c.Today, EntryDate: c.EntryDate, GradeLevel: c.GradeLevel, LapseDate: c.LapseDate,
	}), nil
}

// lapsed makes room for another transfer or enrollment: it ends an open transfer whose
// term is over, should the process not have come by yet, and refuses before a live one.
func (s State) lapsed(today domain.Date) ([]Event, error) {
	t, open := s.OpenTransfer()
	switch {
	case !open:
		return nil, nil
	case today < t.Lapses:
		return nil, domain.Refuse(domain.Conflict, "transfer_open", "a transfer of this student is under way; it is to be completed or cancelled, or lapses on %s", t.Lapses)
	}
	return []Event{TransferLapsed{t.ID}}, nil
}

// underWay is the transfer a party decides in, if it can still go on.
func (s State) underWay(p Party) (Transfer, error) {
	t, ok := s.Transfer(p.Transfer)
	switch {
	case !ok:
		return t, domain.Refuse(domain.Missing, "not_found", "there is no such transfer")
	case !t.Stage.Open():
		return t, domain.Refuse(domain.Conflict, "transfer_ended", "the transfer has ended: it is %s", t.Stage)
	case p.Today >= t.Lapses:
		return t, domain.Refuse(domain.Conflict, "transfer_lapsed", "the transfer lapsed on %s; request it again", t.Lapses)
	}
	return t, nil
}

func (s State) release(c ReleaseTransfer) ([]Event, error) {
	t, err := s.underWay(c.Party)
	if err != nil {
		return nil, err
	}
	if c.ExitDate == "" {
		c.ExitDate = t.Entry
	}
	if err := domain.Check(dayRule("exitWithdrawDate", c.ExitDate)); err != nil {
		return nil, err
	}
	old, _ := s.Enrollment(t.Enrollment)
	switch {
	case c.By != t.From && !c.AboveOld:
		return nil, errNotTheirs("the school the student leaves releases or contests")
	case c.By != t.From && t.Stage != Contested:
		return nil, errNotTheirs("an authority releases after a contest; until then the school the student leaves decides")
	case t.Stage == Released:
		return nil, domain.Refuse(domain.Conflict, "transfer_released", "the transfer was released")
	case c.ExitDate < old.Entry:
		return nil, errExitBeforeEntry(old.Entry)
	}
	return []Event{TransferReleased{t.ID, c.By, c.ExitDate}}, nil
}

func (s State) contest(c ContestTransfer) ([]Event, error) {
	t, err := s.underWay(c.Party)
	if err != nil {
		return nil, err
	}
	if err := domain.Check(reasonRule(c.Reason, true)); err != nil {
		return nil, err
	}
	switch {
	case c.By != t.From:
		return nil, errNotTheirs("the school the student leaves releases or contests")
	case t.Stage != Requested:
		return nil, domain.Refuse(domain.Conflict, "transfer_"+string(t.Stage), "the transfer is %s; only a request is contested", t.Stage)
	}
	return []Event{TransferContested{t.ID, c.Reason, c.Note}}, nil
}

// accept closes the old enrollment and opens the new one in one append: there is no
// moment at which the student belongs to both schools, or to none.
func (s State) accept(c AcceptTransfer) ([]Event, error) {
	t, err := s.underWay(c.Party)
	if err != nil {
		return nil, err
	}
	if c.By != t.To {
		return nil, errNotTheirs("the school the student goes to accepts or refuses")
	}
	if t.Stage != Released {
		return nil, domain.Refuse(domain.Conflict, "transfer_not_released", "the transfer is %s; it is accepted once it is released", t.Stage)
	}
	p := c.Placement
	p.School, p.Primary = t.To, true
	if p.EntryDate == "" {
		p.EntryDate = t.Entry
	}
	if p.GradeLevel == "" {
		p.GradeLevel = t.GradeLevel
	}
	if p.EntryType == "" {
		p.EntryType = ByTransfer
	}
	if err := p.well(); err != nil {
		return nil, err
	}
	if err := c.Evidence.permits(p); err != nil {
		return nil, err
	}
	var facts []Event
	if old, _ := s.Enrollment(t.Enrollment); old.Open() {
		facts = append(facts, StudentWithdrawn{old.ID, t.Exit, Day, Transferred})
	}
	if p.EntryDate < t.Exit {
		return nil, domain.Refuse(domain.Invalid, "entry_before_exit", "the student leaves the other school on %s and enters on that day or later", t.Exit)
	}
	after := s
	for _, f := range facts {
		after = evolve(after, f)
	}
	if err := after.fits(p); err != nil {
		return nil, err
	}
	return append(facts, TransferCompleted{t.ID, p.Enrollment, c.RecordDigest, c.Record}, p.enrolled()), nil
}

func (s State) refuse(c RefuseTransfer) ([]Event, error) {
	t, err := s.underWay(c.Party)
	if err != nil {
		return nil, err
	}
	if err := domain.Check(reasonRule(c.Reason, true)); err != nil {
		return nil, err
	}
	switch {
	case c.By != t.To:
		return nil, errNotTheirs("the school the student goes to accepts or refuses")
	case t.Stage != Released:
		return nil, domain.Refuse(domain.Conflict, "transfer_not_released", "the transfer is %s; cancel the request instead", t.Stage)
	}
	return []Event{TransferRefused{t.ID, c.Reason, c.Note}}, nil
}

func (s State) cancel(c CancelTransfer) ([]Event, error) {
	t, err := s.underWay(c.Party)
	switch {
	case err != nil:
		return nil, err
	case c.By != t.To && !c.AboveNew:
		return nil, errNotTheirs("the school that requested, or an authority above it, cancels")
	case t.Stage == Released:
		return nil, domain.Refuse(domain.Conflict, "transfer_released", "the transfer was released; accept or refuse it")
	}
	return []Event{TransferCancelled{t.ID}}, nil
}

// lapse is harmless on a transfer that has ended, so that the process may come late or twice.
func (s State) lapse(c LapseTransfer) ([]Event, error) {
	t, ok := s.Transfer(c.Transfer)
	switch {
	case !ok:
		return nil, domain.Refuse(domain.Missing, "not_found", "there is no such transfer")
	case !t.Stage.Open():
		return nil, nil
	case c.Today < t.Lapses:
		return nil, domain.Refuse(domain.Conflict, "transfer_open", "the transfer lapses on %s", t.Lapses)
	}
	return []Event{TransferLapsed{t.ID}}, nil
}

func errNotTheirs(detail string) error {
	return domain.Refuse(domain.Forbidden, "not_your_decision", "%s", detail)
}
