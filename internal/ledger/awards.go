package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"sijil/domain"
	"sijil/domain/award"
	"sijil/domain/student"
	"sijil/internal/eventlog"
	"sijil/internal/vault"
)

// AwardInput asks for a diploma. The acting institution is the one that awards.
type AwardInput struct {
	Student, Program domain.ID
	AwardDate        domain.Date
	// Accreditation is empty for the one the graduation was assessed under.
	Accreditation domain.ID
}

// CorrectionInput asks for the next edition of an award.
type CorrectionInput struct {
	// AwardDate is empty to keep the live edition's.
	AwardDate     domain.Date
	Accreditation domain.ID
	Reason        award.CorrectionReason
}

// Awarded is what an award or a correction answers.
type Awarded struct {
	award.Ref
	Edition   int
	AwardDate domain.Date
	Position  eventlog.Position
	Replayed  bool
}

// AwardDiploma records that the acting institution awards the program's diploma. It is
// refused with a code of its own for each thing that is missing (see [award.Decider]). A
// revoked award is over: the next one has a stream of its own.
func (l *Ledger) AwardDiploma(ctx context.Context, act Act, in AwardInput) (Awarded, error) {
	act = act.About(in.Student).Effective(string(in.AwardDate))
	for n := 1; ; n++ {
		ref := award.NthRef(in.Student, in.Program, n)
		out, err := Execute(ctx, l, award.Decider, ref.Stream(), act, func(ctx context.Context) (award.Command, []eventlog.Input, error) {
			return l.awardCommand(ctx, act, awarding{act.Institution, in.Student, in.Program, in.AwardDate, in.Accreditation})
		})
		if domain.CodeOf(err) == "credential_revoked" && n < award.MaxNth {
			continue
		}
		return awarded(ref, out, err)
	}
}

// CorrectDiploma awards the next edition and supersedes the live one, in one append.
func (l *Ledger) CorrectDiploma(ctx context.Context, act Act, ref award.Ref, in CorrectionInput) (Awarded, error) {
	act = act.About(ref.Student)
	stands, err := Load(ctx, l, award.Decider, ref.Stream(), act)
	if err != nil {
		return Awarded{}, fmt.Errorf("loading an award: %w", err)
	}
	last, ok := stands.State.Edition(len(stands.State.Editions))
	if !ok || last.Institution != act.Institution {
		return Awarded{}, errNotFound()
	}
	if in.AwardDate == "" {
		in.AwardDate = last.AwardDate
	}
	act = act.Effective(string(in.AwardDate))
	out, err := Execute(ctx, l, award.Decider, ref.Stream(), act, func(ctx context.Context) (award.Command, []eventlog.Input, error) {
		cmd, inputs, err := l.awardCommand(ctx, act, awarding{act.Institution, ref.Student, ref.Program, in.AwardDate, in.Accreditation})
		return award.CorrectDiploma{AwardDiploma: cmd, Reason: in.Reason}, inputs, err
	})
	return awarded(ref, out, err)
}

func awarded(ref award.Ref, out Outcome[award.State, award.Event], err error) (Awarded, error) {
	if err != nil {
		return Awarded{}, err
	}
	a := Awarded{Ref: ref, Position: out.Position, Replayed: out.Replayed}
	for _, f := range out.Facts {
		if d, ok := f.(award.DiplomaAwarded); ok {
			a.Edition, a.AwardDate = d.Edition, d.AwardDate
		}
	}
	return a, nil
}

func (l *Ledger) awardCommand(ctx context.Context, act Act, a awarding) (award.AwardDiploma, []eventlog.Input, error) {
	none := award.AwardDiploma{}
	who, err := l.MayTouch(ctx, act, a.student)
	if err != nil {
		return none, nil, err
	}
	if who.Student.State.MergedInto != "" {
		return none, nil, domain.Refuse(domain.Conflict, "student_merged", "the student goes on under another id since a merge")
	}
	e, inputs, err := l.awardEvidence(ctx, act, a, 0)
	if err != nil {
		return none, nil, err
	}
	if e.AchievementType == "" {
		return none, nil, domain.Refuse(domain.Missing, "program_unknown", "there is no such program")
	}
	achieved, err := l.achieved(ctx, act, a, e, 0)
	if err != nil {
		return none, nil, err
	}
	claims, err := l.claimsOf(ctx, act, a.student, achieved)
	if err != nil {
		return none, nil, err
	}
	return award.AwardDiploma{Institution: a.institution, AwardDate: a.day, Today: act.Today(), Evidence: e, Claims: claims}, inputs, nil
}

// claimsOf adds what the register knows of the person to what they achieved, and closes what
// a diploma shows of it under the diploma register's key, which outlives the record's.
func (l *Ledger) claimsOf(ctx context.Context, act Act, id domain.ID, c award.Claims) (domain.Private, error) {
	var number student.Identification
	for e, err := range l.log.Read(ctx, student.Decider.Stream(id), 0) {
		if err != nil {
			return domain.Private{}, fmt.Errorf("reading a student: %w", err)
		}
		fact, err := Decode(e)
		if err != nil {
			return domain.Private{}, err
		}
		switch f := fact.(type) {
		case student.StudentRegistered:
			var p student.Person
			if err := l.open(ctx, act.Tenant, f.Person, &p); err != nil {
				return domain.Private{}, err
			}
			c.Names, c.Birth, c.City = namesOf(p.Names), p.Birth.Date, p.City
		case student.LegalNameChanged:
			var p student.NameChange
			if err := l.open(ctx, act.Tenant, f.Names, &p); err != nil {
				return domain.Private{}, err
			}
			c.Names = namesOf(p.Names)
		case student.BirthDataCorrected:
			var p student.BirthCorrection
			if err := l.open(ctx, act.Tenant, f.Birth, &p); err != nil {
				return domain.Private{}, err
			}
			c.Birth, c.City = p.Birth.Date, p.City
		case student.IdentifierLinked:
			if f.National {
				continue
			}
			if err := l.open(ctx, act.Tenant, f.Number, &number); err != nil {
				return domain.Private{}, err
			}
		}
	}
	if len(c.Names) == 0 {
		c.Number = number.Code
	}
	return domain.Conceal(id, domain.ClassRegister, c)
}

func namesOf(names []student.Name) []award.Name {
	var all []award.Name
	for _, n := range names {
		all = append(all, award.Name{Language: n.Language, Full: n.Full})
	}
	return all
}

// open reads sealed data into v; nothing when nothing was sealed.
func (l *Ledger) open(ctx context.Context, tenant domain.ID, p domain.Private, v any) error {
	if p.IsZero() {
		return nil
	}
	b, err := l.vault.OpenPrivate(ctx, tenant, p)
	if errors.Is(err, vault.ErrErased) {
		return domain.Refuse(domain.Conflict, "personal_data_erased", "this person's data was erased; a diploma cannot name them any more")
	} else if err != nil {
		return fmt.Errorf("opening personal data: %w", err)
	}
	if err := json.Unmarshal(b, v); err != nil {
		return errors.New("sealed personal data is not what its writer wrote") // the cause would quote it
	}
	return nil
}

// DateExceptionInput allows an award date long past.
type DateExceptionInput struct {
	Student, Program domain.ID
	AwardDate        domain.Date
	Reason           domain.Descriptor
}

// GrantDateException records that the acting authority, which stands above the school,
// allows the coming award of the program to this student to carry a date long past.
func (l *Ledger) GrantDateException(ctx context.Context, act Act, in DateExceptionInput) (Awarded, error) {
	act = act.About(in.Student).Effective(string(in.AwardDate))
	for n := 1; ; n++ {
		ref := award.NthRef(in.Student, in.Program, n)
		out, err := Execute(ctx, l, award.Decider, ref.Stream(), act, func(ctx context.Context) (award.Command, []eventlog.Input, error) {
			inputs, err := l.standsAboveStudent(ctx, act, in.Student)
			return award.GrantDateException{
				AwardDate: in.AwardDate, Authority: act.Institution, GrantedBy: act.Actor, Reason: in.Reason, Today: act.Today(),
			}, inputs, err
		})
		if domain.CodeOf(err) == "credential_revoked" && n < award.MaxNth {
			continue
		}
		if err != nil {
			return Awarded{}, err
		}
		return Awarded{Ref: ref, AwardDate: in.AwardDate, Position: out.Position, Replayed: out.Replayed}, nil
	}
}

// standsAboveStudent refuses an officer of an institution the student is or was at, and of one
// that only keeps a closed school's records: seeing the student is not standing above a school.
func (l *Ledger) standsAboveStudent(ctx context.Context, act Act, id domain.ID) ([]eventlog.Input, error) {
	who, err := l.MayTouch(ctx, act, id)
	if err != nil {
		return nil, err
	}
	schools := append(who.Enrollment.State.Schools(), who.Student.State.School)
	above := false
	for _, school := range schools {
		if above = above || act.Institution == act.Tenant; above {
			break
		}
		if above, err = l.Within(ctx, act, school, act.Institution); err != nil {
			return nil, err
		}
	}
	if !above || slices.Contains(schools, act.Institution) {
		return nil, domain.Refuse(domain.Forbidden, "not_the_authority", "only an authority above the school allows this")
	}
	return who.Inputs(), nil
}
