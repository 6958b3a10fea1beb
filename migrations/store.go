package migrations

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"
)

// source is one file.
type source struct {
	version int64
	name    string
	sum     string // SHA-256 in hex
}

var fileName = regexp.MustCompile(`^(\d{4})_[a-z0-9_]+\.sql$`)

// sources are the files in order of their numbers, each of which is there once.
func sources(fsys fs.FS) ([]source, error) {
	names, err := fs.Glob(fsys, "*.sql") // sorted
	if err != nil {
		return nil, err
	}
	var all []source
	for _, name := range names {
		m := fileName.FindStringSubmatch(name)
		if m == nil {
			return nil, fmt.Errorf("migration %s is not named NNNN_name.sql", name)
		}
		b, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, fmt.Errorf("reading migration %s: %w", name, err)
		}
		v, _ := strconv.ParseInt(m[1], 10, 64)
		if len(all) > 0 && all[len(all)-1].version == v {
			return nil, fmt.Errorf("two migrations have the number %04d: %s and %s", v, all[len(all)-1].name, name)
		}
		sum := sha256.Sum256(b)
		all = append(all, source{v, name, hex.EncodeToString(sum[:])})
	}
	return all, nil
}

const versionTable = "schema_migration"

const (
	createChecksumsSQL = `create table if not exists schema_migration_checksum (
	version bigint primary key,
	name    text not null,
	sha256  text not null
)`
	insertChecksumSQL = `insert into schema_migration_checksum (version, name, sha256) values ($1, $2, $3)`
	appliedExistsSQL  = `select to_regclass('schema_migration') is not null and to_regclass('schema_migration_checksum') is not null`
	appliedSQL        = `
select v.version_id as version, coalesce(c.sha256, '') as sum, v.tstamp as applied
from schema_migration v left join schema_migration_checksum c on c.version = v.version_id
where v.version_id > 0 and v.is_applied
order by v.version_id`
)

// store is goose's version table with a checksum beside each version, written in the
// migration's own transaction.
type store struct {
	database.Store
	sources map[int64]source
}

func newStore(fsys fs.FS) (*store, error) {
	all, err := sources(fsys)
	if err != nil {
		return nil, err
	}
	inner, err := database.NewStore(goose.DialectPostgres, versionTable)
	if err != nil {
		return nil, fmt.Errorf("preparing the version table: %w", err)
	}
	s := &store{inner, map[int64]source{}}
	for _, src := range all {
		s.sources[src.version] = src
	}
	return s, nil
}

func (s *store) CreateVersionTable(ctx context.Context, db database.DBTxConn) error {
	if _, err := db.ExecContext(ctx, createChecksumsSQL); err != nil {
		return fmt.Errorf("creating the checksum table: %w", err)
	}
	return s.Store.CreateVersionTable(ctx, db)
}

func (s *store) Insert(ctx context.Context, db database.DBTxConn, req database.InsertRequest) error {
	if src, ok := s.sources[req.Version]; ok {
		if _, err := db.ExecContext(ctx, insertChecksumSQL, src.version, src.name, src.sum); err != nil {
			return fmt.Errorf("recording the checksum of %s: %w", src.name, err)
		}
	}
	return s.Store.Insert(ctx, db, req)
}

// TableExists is what goose asks before it creates the version table; without it goose
// would probe with a failing query.
func (s *store) TableExists(ctx context.Context, db database.DBTxConn) (exists bool, err error) {
	err = db.QueryRowContext(ctx, appliedExistsSQL).Scan(&exists)
	return exists, err
}

// check compares what the database has applied with the files, and changes nothing.
func check(ctx context.Context, pool *pgxpool.Pool, fsys fs.FS) ([]Migration, error) {
	all, err := sources(fsys)
	if err != nil {
		return nil, err
	}
	list := make([]Migration, len(all))
	for i, s := range all {
		list[i] = Migration{Version: s.version, Name: s.name}
	}
	var exists bool
	if err := pool.QueryRow(ctx, appliedExistsSQL).Scan(&exists); err != nil {
		return nil, fmt.Errorf("looking for applied migrations: %w", err)
	}
	if !exists {
		return list, nil
	}
	type row struct {
		Version int64
		Sum     string
		Applied time.Time
	}
	rows, err := pool.Query(ctx, appliedSQL)
	if err != nil {
		return nil, fmt.Errorf("reading applied migrations: %w", err)
	}
	applied, err := pgx.CollectRows(rows, pgx.RowToStructByName[row])
	if err != nil {
		return nil, fmt.Errorf("reading applied migrations: %w", err)
	}
	for _, r := range applied {
		i := slices.IndexFunc(all, func(s source) bool { return s.version == r.Version })
		if i < 0 {
			return nil, fmt.Errorf("%w: this one does not know migration %d", ErrNewer, r.Version)
		}
		if r.Sum != all[i].sum {
			return nil, fmt.Errorf("%w: %s", ErrEdited, all[i].name)
		}
		list[i].Applied = r.Applied
	}
	return list, nil
}

// verifyShipped holds the files against the shipped list, "sha256  name" a line as
// sha256sum writes it: [ErrEdited] when a listed file changed or is gone.
func verifyShipped(fsys fs.FS, shipped map[string]string) error {
	all, err := sources(fsys)
	if err != nil {
		return err
	}
	var problems []error
	seen := map[string]bool{}
	for _, s := range all {
		seen[s.name] = true
		switch sum, ok := shipped[s.name]; {
		case !ok:
			problems = append(problems, fmt.Errorf("%s is not in shipped.sum: run go generate ./migrations", s.name))
		case sum != s.sum:
			problems = append(problems, fmt.Errorf("%w: %s changed after it was shipped; write a new migration instead", ErrEdited, s.name))
		}
	}
	for name := range shipped {
		if !seen[name] {
			problems = append(problems, fmt.Errorf("%w: %s was shipped and is gone", ErrEdited, name))
		}
	}
	return errors.Join(problems...)
}
