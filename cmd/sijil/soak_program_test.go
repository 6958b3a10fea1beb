package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	service "sijil/internal/app"
	"sijil/internal/pgembed"
	"sijil/internal/pgtest"
)

// program is a `sijil serve` that is killed and started again on one data directory.
type program struct {
	t          *testing.T
	path, data string
	logs       string // one file of messages per start
	starts     int
	address    atomic.Pointer[string]
	now        *process
}

// process is one start.
type process struct {
	cmd      *exec.Cmd
	messages string
	ready    chan struct{} // closed when it is
	ended    chan error
}

// publicURL is not where it listens, which changes with every start: tokens, DIDs and status
// lists are named by it.
const publicURL = "https://ledger.example"

func newProgram(t *testing.T, data string) *program {
	p := &program{t: t, path: os.Getenv("SIJIL_SOAK_PROGRAM"), data: data, logs: t.TempDir()}
	if p.path == "" {
		p.path = "sijil"
	}
	t.Cleanup(func() {
		p.end()
		if t.Failed() && p.now != nil {
			t.Logf("the program's last messages:\n%s", tailOf(p.now.messages))
		}
	})
	return p
}

// where is the base URL now, "" while nobody listens.
func (p *program) where() string {
	if at := p.address.Load(); at != nil {
		return *at
	}
	return ""
}

var listening = regexp.MustCompile(`, listening on (\S+?),`)

// start starts the program and does not wait for it.
func (p *program) start() {
	p.starts++
	now := &process{ready: make(chan struct{}), ended: make(chan error, 1), messages: filepath.Join(p.logs, fmt.Sprintf("%d.log", p.starts))}
	now.cmd = exec.Command(p.path, "--log-level=WARN", "serve", "--data", p.data, "--listen", "127.0.0.1:0", "--metrics-listen=",
		"--public-url", publicURL, "--rate-limit", "1000000")
	now.cmd.Env = append(os.Environ(), "SIJIL_DATABASE_URL=")
	messages, err := os.Create(now.messages)
	if err != nil {
		p.t.Fatal(err)
	}
	defer messages.Close()
	now.cmd.Stderr = messages
	out, err := now.cmd.StdoutPipe()
	if err != nil {
		p.t.Fatal(err)
	}
	if err := now.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	p.now = now
	go func() {
		lines := bufio.NewReader(out)
		line, _ := lines.ReadString('\n') // none when it is killed first
		if at := listening.FindStringSubmatch(line); at != nil {
			url := "http://" + at[1]
			p.address.Store(&url)
			close(now.ready)
		}
		_, _ = io.Copy(io.Discard, lines)
		now.ended <- now.cmd.Wait()
	}()
}

// awaitReady waits until the program serves, and everything that follows the log with it. It
// must come up by itself after any kill.
func (p *program) awaitReady() {
	p.t.Helper()
	patience := time.After(2 * time.Minute)
	select {
	case <-p.now.ready:
	case err := <-p.now.ended:
		p.now.ended <- err
		p.t.Fatalf("the program does not start: %v\n%s", err, tailOf(p.now.messages))
	case <-patience:
		p.t.Fatalf("the program has not started in two minutes\n%s", tailOf(p.now.messages))
	}
	for {
		resp, err := http.Get(p.where() + "/readyz")
		if err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return
			}
		}
		select {
		case err := <-p.now.ended:
			p.now.ended <- err
			p.t.Fatalf("the program ended: %v\n%s", err, tailOf(p.now.messages))
		case <-patience:
			p.t.Fatalf("the program is not ready after two minutes\n%s", tailOf(p.now.messages))
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// kill ends the program with SIGKILL; its PostgreSQL runs on.
func (p *program) kill() {
	p.t.Helper()
	if err := p.now.cmd.Process.Kill(); err != nil {
		p.t.Fatalf("the program ended before it was killed: %v\n%s", err, tailOf(p.now.messages))
	}
	<-p.now.ended
	p.gone()
}

// gone is the end of a process: nobody listens, and its messages are looked through.
func (p *program) gone() {
	p.t.Helper()
	p.address.Store(nil)
	b, err := os.ReadFile(p.now.messages)
	if err != nil {
		p.t.Fatal(err)
	}
	for _, bad := range []string{"DATA RACE", "panic", "stopped for good", "a follower of the log stopped"} {
		if bytes.Contains(b, []byte(bad)) {
			p.t.Errorf("the program said %q:\n%s", bad, b)
		}
	}
	p.now.ended <- nil
}

// stop ends it in order.
func (p *program) stop() {
	p.t.Helper()
	if err := p.now.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatal(err)
	}
	if err := <-p.now.ended; err != nil {
		p.t.Fatalf("stopping the program: %v\n%s", err, tailOf(p.now.messages))
	}
	p.gone()
}

// end is for the end of the test.
func (p *program) end() {
	if p.now != nil {
		_ = p.now.cmd.Process.Kill() // it has ended when all went well
		<-p.now.ended
	}
}

// killDatabase ends every process of PostgreSQL with SIGKILL; the program has to start it
// again.
func (p *program) killDatabase() {
	p.t.Helper()
	for range 500 {
		if pgtest.KillServer(p.data) {
			return
		}
		time.Sleep(20 * time.Millisecond) // it is just being started again
	}
	p.t.Fatal("there is no PostgreSQL to kill")
}

// newClient makes an API client as the operator does.
func (p *program) newClient(ctx context.Context, role, institution string) (id, secret string, err error) {
	args := []string{"--log-level=ERROR", "client", "create", "--data", p.data, "--tenant", "soak", "--role", role, "--json"}
	if institution != "" {
		args = append(args, "--institution", institution)
	}
	out, err := p.run(ctx, args...)
	if err != nil {
		return "", "", err
	}
	var made struct{ ClientID, ClientSecret string }
	err = json.Unmarshal(out, &made)
	return made.ClientID, made.ClientSecret, err
}

// run runs another verb and gives its standard output.
func (p *program) run(ctx context.Context, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, p.path, args...)
	cmd.Env = append(os.Environ(), "SIJIL_DATABASE_URL=")
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("sijil %s: %w: %s%s", strings.Join(args, " "), err, out, said.Bytes())
	}
	return out, err
}

// verifyAll exports every signed diploma and a trust bundle, and verifies them offline.
func (p *program) verifyAll(ctx context.Context) error {
	bundle, diplomas := filepath.Join(p.t.TempDir(), "trust.zip"), p.t.TempDir()
	if _, err := p.run(ctx, "bundle", "export", "--data", p.data, "--out", bundle, "--credentials", diplomas); err != nil {
		return err
	}
	_, err := p.run(ctx, "verify", "--bundle", bundle, "--insecure-bundle", "--json", diplomas)
	return err
}

// open opens the ledger in this process.
func (p *program) open(ctx context.Context) (*service.App, error) {
	return service.Open(ctx, service.Config{DataDir: p.data, Now: time.Now, Logger: slog.New(slog.DiscardHandler)})
}

// relax lets the running server acknowledge commits before they are written, which the
// ledger refuses at its start and cannot see later, and holds up the processes that
// would write them soon after.
func (p *program) relax(ctx context.Context) {
	p.t.Helper()
	pid, err := os.ReadFile(filepath.Join(p.data, "pg", "postmaster.pid"))
	lines := strings.Split(string(pid), "\n")
	if err != nil || len(lines) < 5 {
		p.t.Fatalf("reading postmaster.pid: %v", err)
	}
	q := url.Values{"host": {lines[4]}, "port": {"5432"}, "user": {pgembed.User}}
	c, err := pgx.Connect(ctx, "postgres:///"+pgembed.Database+"?"+q.Encode())
	if err != nil {
		p.t.Fatal(err)
	}
	defer c.Close(ctx)
	for _, sql := range []string{
		`alter system set synchronous_commit = off`, `select pg_reload_conf()`,
		`select pg_sleep(0.2)`, `alter system reset synchronous_commit`, // for the next start
	} {
		if _, err := c.Exec(ctx, sql); err != nil {
			p.t.Fatal(err)
		}
	}
	rows, err := c.Query(ctx, `select pid from pg_stat_activity where backend_type in ('walwriter', 'background writer', 'checkpointer')`)
	if err != nil {
		p.t.Fatal(err)
	}
	writers, err := pgx.CollectRows(rows, pgx.RowTo[int])
	if err != nil || len(writers) != 3 {
		p.t.Fatalf("looking for the server's writers: %v, %v", writers, err)
	}
	for _, pid := range writers {
		if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
			p.t.Fatal(err)
		}
	}
}

// tailOf is the end of a file of messages.
func tailOf(name string) []byte {
	b, err := os.ReadFile(name)
	if err != nil {
		return []byte(err.Error())
	}
	return b[max(0, len(b)-4000):]
}
