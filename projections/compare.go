package projections

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/jackc/pgx/v5"

	"sijil/internal/eventlog"
)

// Difference is a row that only one side has.
type Difference struct {
	Projection string          `json:"projection"`
	Table      string          `json:"table"`
	OnlyIn     string          `json:"onlyIn"` // "tables" or "log"
	Row        json.RawMessage `json:"row"`
}

// TableDigest says what one table holds.
type TableDigest struct {
	Projection string `json:"projection"`
	Table      string `json:"table"`
	Rows       int    `json:"rows"`
	// SHA256 is over the sorted hashes of the rows: equal tables have equal digests on any machine.
	SHA256 string `json:"sha256"`
}

// Comparison is the result of [Runner.Compare].
type Comparison struct {
	LogID    string            `json:"logId"`
	Position eventlog.Position `json:"position"`
	Events   int               `json:"events"`
	Tables   []TableDigest     `json:"tables"`
	// Differences are the first ones found of each table; Different counts all.
	Differences []Difference `json:"differences"`
	Different   int          `json:"different"`
}

// shownDifferences bounds what is listed per table.
const shownDifferences = 5

// Compare folds the whole log slowly in memory, up to the tables' checkpoint, and compares
// row by row: an independent check of projections, runner and database together. It reads one
// snapshot and disturbs nobody. progress, if not nil, hears how many events were read.
func (r *Runner) Compare(ctx context.Context, progress func(events int)) (Comparison, error) {
	logID, err := r.log.ID(ctx)
	if err != nil {
		return Comparison{}, fmt.Errorf("asking the log for its id: %w", err)
	}
	c := Comparison{LogID: logID, Differences: []Difference{}}
	// One snapshot: the rows are those of the checkpoint, whatever is projected meanwhile.
	err = pgx.BeginTxFunc(ctx, r.pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		folds, err := r.slowFolds(ctx, tx, &c, progress)
		if err != nil {
			return err
		}
		for i, p := range r.list {
			rows := folds[i].Rows()
			folds[i] = nil
			for _, table := range p.Tables {
				if err := c.table(ctx, tx, p.Name, table, rows[table]); err != nil {
					return fmt.Errorf("comparing %s: %w", table, err)
				}
			}
		}
		return nil
	})
	return c, err
}

func (r *Runner) slowFolds(ctx context.Context, tx pgx.Tx, c *Comparison, progress func(int)) ([]SlowFold, error) {
	rows, err := tx.Query(ctx, checkpointsSQL)
	if err != nil {
		return nil, err
	}
	have, err := pgx.CollectRows(rows, pgx.RowToStructByPos[checkpoint])
	if err != nil {
		return nil, fmt.Errorf("reading checkpoints: %w", err)
	}
	for _, cp := range have {
		if cp.LogID != c.LogID {
			return nil, ErrForeignLog
		}
		c.Position = eventlog.Position(cp.Position)
	}
	for _, p := range r.list {
		if !slices.ContainsFunc(have, func(cp checkpoint) bool { return cp.Name == p.Name && cp.Version == p.Version }) {
			return nil, fmt.Errorf("%w: %s is not built yet in this program's version", ErrBehind, p.Name)
		}
	}
	folds := make([]SlowFold, len(r.list))
	for i, p := range r.list {
		folds[i] = p.Slow()
	}
	if c.Position == 0 {
		return folds, nil
	}
	for rec, err := range until(r.log.All(ctx, 0), c.Position) {
		if err != nil {
			return nil, fmt.Errorf("reading the log: %w", err)
		}
		c.Events++
		if progress != nil && c.Events%1000 == 0 {
			progress(c.Events)
		}
		e, ours, err := decode(rec)
		if err != nil {
			return nil, err
		}
		if !ours {
			continue
		}
		for _, f := range folds {
			f.Add(e)
		}
	}
	return folds, nil
}

// table compares one table's rows with the slow fold's, both as canonical JSON.
func (c *Comparison) table(ctx context.Context, tx pgx.Tx, projection, table string, want []any) error {
	missing := map[[32]byte]any{}
	for _, w := range want {
		h, _, err := hashRow(w)
		if err != nil {
			return err
		}
		missing[h] = w
	}
	rows, err := tx.Query(ctx, `SELECT to_jsonb(t) FROM read.`+pgx.Identifier{table}.Sanitize()+` t`)
	if err != nil {
		return err
	}
	defer rows.Close()
	var hashes [][]byte
	shown := 0
	differ := func(onlyIn string, row []byte) {
		if c.Different++; shown < shownDifferences {
			shown++
			c.Differences = append(c.Differences, Difference{projection, table, onlyIn, row})
		}
	}
	for rows.Next() {
		var raw json.RawMessage
		if err := rows.Scan(&raw); err != nil {
			return err
		}
		h, row, err := hashRow(raw)
		if err != nil {
			return err
		}
		hashes = append(hashes, h[:])
		if _, ok := missing[h]; ok {
			delete(missing, h)
		} else {
			differ("tables", row)
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for _, w := range missing {
		_, row, err := hashRow(w)
		if err != nil {
			return err
		}
		differ("log", row)
	}
	slices.SortFunc(hashes, bytes.Compare)
	sum := sha256.New()
	for _, h := range hashes {
		sum.Write(h)
	}
	c.Tables = append(c.Tables, TableDigest{projection, table, len(hashes), hex.EncodeToString(sum.Sum(nil))})
	return nil
}

// hashRow is the SHA-256 of a row's canonical JSON (RFC 8785).
func hashRow(row any) (h [32]byte, canonical []byte, err error) {
	v, isRaw := row.(json.RawMessage)
	if !isRaw {
		if v, err = json.Marshal(row); err != nil {
			return h, nil, err
		}
	}
	if err := (*jsontext.Value)(&v).Canonicalize(); err != nil {
		return h, nil, err
	}
	return sha256.Sum256(v), v, nil
}
