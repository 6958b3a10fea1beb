// Package pgserver starts a private PostgreSQL for a benchmark and removes it again.
package pgserver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"

	"github.com/jackc/pgx/v5/pgxpool"

	"sijil/internal/pgembed"
	"sijil/migrations"
)

// Server runs until Stop.
type Server struct {
	dir    string
	server *pgembed.Server
	conns  int32
	pools  []*pgxpool.Pool
}

// Start starts a server whose pools have at most conns connections each.
func Start(ctx context.Context, conns int) (_ *Server, err error) {
	dir, err := os.MkdirTemp("/var/tmp", "sijil-bench-") // where the account of PostgreSQL can reach it
	if err != nil {
		return nil, err
	}
	server, err := pgembed.Start(ctx, pgembed.Config{Dir: dir, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return &Server{dir: dir, server: server, conns: int32(conns)}, nil
}

// Stop closes the pools and removes everything.
func (s *Server) Stop(ctx context.Context) error {
	for _, p := range s.pools {
		p.Close()
	}
	return errors.Join(s.server.Stop(context.WithoutCancel(ctx)), os.RemoveAll(s.dir))
}

// URL is a new, empty database.
func (s *Server) URL(ctx context.Context, name string) (string, error) {
	admin, err := pgxpool.New(ctx, s.server.URL())
	if err != nil {
		return "", err
	}
	defer admin.Close()
	if _, err := admin.Exec(ctx, "create database "+name); err != nil {
		return "", fmt.Errorf("making a database: %w", err)
	}
	at, err := url.Parse(s.server.URL())
	if err != nil {
		return "", fmt.Errorf("reading the server's address: %w", err)
	}
	at.Path = "/" + name
	return at.String(), nil
}

// Database is a new, migrated database.
func (s *Server) Database(ctx context.Context, name string) (*pgxpool.Pool, error) {
	at, err := s.URL(ctx, name)
	if err != nil {
		return nil, err
	}
	pool, err := s.Pool(ctx, at)
	if err != nil {
		return nil, err
	}
	_, err = migrations.Up(ctx, pool)
	return pool, err
}

// Pool is another set of connections to a database, as another process would have them.
func (s *Server) Pool(ctx context.Context, at string) (*pgxpool.Pool, error) {
	cfg, err := pgxpool.ParseConfig(at)
	if err != nil {
		return nil, err
	}
	cfg.MaxConns = s.conns
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, err
	}
	s.pools = append(s.pools, pool)
	return pool, nil
}
