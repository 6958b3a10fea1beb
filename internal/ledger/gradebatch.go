package ledger

import (
	"context"
	"sync"

	"sijil/domain"
)

// MaxRows is the most rows of one batch.
const MaxRows = 1000

// batchStudents is how many students of a batch are written at once: as many as the log
// commits together.
const batchStudents = 256

// GradeRow is one row of a batch.
type GradeRow struct {
	GradeInput
	// Body is the row as it came, to tell a repeated row from another one under its key.
	Body []byte
	// Refused is why the row could not even be read: it is answered with it and not recorded.
	Refused error
}

// RowAnswer is what became of a row: Written, or why not.
type RowAnswer struct {
	Written
	Err error
}

// RecordGrades records up to [MaxRows] grades, each row a command of its own with its own
// answer: one refused row keeps no other from being recorded, and a repeated batch answers
// alike. Rows of one student are taken in order; students are written side by side, so that
// their appends share commits.
func (l *Ledger) RecordGrades(ctx context.Context, act Act, rows []GradeRow) ([]RowAnswer, error) {
	if len(rows) == 0 || len(rows) > MaxRows {
		return nil, domain.Refuse(domain.Invalid, "invalid_field", "a batch has 1 to %d rows", MaxRows)
	}
	byStudent := map[domain.ID][]int{}
	for i, r := range rows {
		byStudent[r.Student] = append(byStudent[r.Student], i)
	}
	answers := make([]RowAnswer, len(rows))
	slots := make(chan struct{}, batchStudents)
	var wg sync.WaitGroup
	for _, mine := range byStudent {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			for _, i := range mine {
				answers[i] = l.recordRow(ctx, act, i, rows[i])
			}
		})
	}
	wg.Wait()
	return answers, nil
}

func (l *Ledger) recordRow(ctx context.Context, act Act, n int, row GradeRow) RowAnswer {
	if row.Refused != nil {
		return RowAnswer{Err: row.Refused}
	}
	act, err := l.Row(ctx, act, n, row.Body)
	if err != nil {
		return RowAnswer{Err: err}
	}
	w, err := l.RecordGrade(ctx, act, row.GradeInput)
	return RowAnswer{w, err}
}
