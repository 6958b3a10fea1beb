package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"sijil/internal/demo"
)

// demoCmd starts everything and acts out the ledger's users.
type demoCmd struct {
	Data string `type:"path" placeholder:"DIR" help:"Keep the ledger in this directory. Default: a fresh one that is removed at the end."`
	Exit bool   `help:"Stop after the checks instead of serving until Ctrl-C."`
	Log  string `name:"log" enum:"postgres,eventstore" default:"postgres" help:"Where the event log is: ${enum}. The second is a development server of the EventStoreDB protocol, started as a process of its own. Default: ${default}."`
}

// Help is the part of the manual that the flags do not tell.
func (demoCmd) Help() string {
	return `Starts a private PostgreSQL, the ledger and the public verifier on free loopback ports, as
processes of their own, and then does through HTTP what a ministry, two regions, four schools, their
students and an employer would do. Everything it does can be done with curl.

Exit status: 0 every check passed, 1 one did not.`
}

// slug is the demo's tenant.
const slug = "demo"

// Run performs.
func (c *demoCmd) Run(ctx context.Context, a *app) (err error) {
	began := a.now()
	data, remove, err := c.dataDir()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, remove()) }()
	stage := &stage{app: a, data: data, ended: make(chan error, 3)}
	defer func() { err = errors.Join(err, stage.close()) }()
	fmt.Fprintf(a.stdout, "Sijil: a ledger in %s\n", data)
	if c.Log == "eventstore" {
		if err := stage.openLog(ctx, c.Data != ""); err != nil {
			return err
		}
		fmt.Fprintf(a.stdout, "its event log is behind the EventStoreDB protocol, at %s\n", stage.eventStore)
	}
	if err := stage.open(ctx); err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, "ledger %s, verifier %s, ready after %.1f s\n", stage.ledger, stage.verifier, a.now().Sub(began).Seconds())

	story := demo.New(demo.Config{
		Ledger: stage.ledger, Verifier: stage.verifier, Client: stage.client, CutStatus: stage.cut.Store,
		Compare: stage.compare, Keep: stage.keep, Out: a.stdout, Now: a.now(),
	})
	passed, failed, err := story.Play(ctx)
	fmt.Fprintf(a.stdout, "\ndemo: %d checks passed, %d failed\n", passed, failed)
	if err != nil {
		return fmt.Errorf("the story broke off: %w", err)
	}
	if !c.Exit && ctx.Err() == nil {
		stage.invite(ctx)
		select {
		case <-ctx.Done():
		case err := <-stage.ended:
			return err
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d checks failed", failed)
	}
	return nil
}

// dataDir is the directory asked for, or a fresh one: as root below /var/tmp, where the
// account that PostgreSQL runs as can reach it.
func (c *demoCmd) dataDir() (dir string, remove func() error, err error) {
	if c.Data != "" {
		return c.Data, func() error { return nil }, nil
	}
	parent := ""
	if os.Geteuid() == 0 {
		parent = "/var/tmp"
	}
	dir, err = os.MkdirTemp(parent, "sijil-demo-")
	if err != nil {
		return "", nil, fmt.Errorf("making a directory for the demo: %w", err)
	}
	if os.Geteuid() == 0 {
		if err := os.Chmod(dir, 0o711); err != nil {
			return "", nil, fmt.Errorf("opening the demo's directory to PostgreSQL: %w", err)
		}
	}
	return dir, func() error { return os.RemoveAll(dir) }, nil
}

// stage is the running parts.
type stage struct {
	*app
	data             string
	ledger, verifier string
	eventStore       string // where the log is, empty for PostgreSQL
	secure, ca       string // the ledger over TLS, and the file of the authority to trust for it
	cut              atomic.Bool
	front            *http.Server
	running          []*exec.Cmd
	ended            chan error
	closing          atomic.Bool
}

// openLog starts a server for the event log alone; one to keep is in the data directory's
// PostgreSQL, and the other in memory.
func (s *stage) openLog(ctx context.Context, keep bool) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("finding this program: %w", err)
	}
	where := []string{"--memory"}
	if keep {
		where = []string{"--data", s.data}
	}
	address, err := s.start(ctx, regexp.MustCompile(`(esdb://\S+)`), self, append([]string{"--log-level=WARN", "eventstore", "serve", "--listen", "127.0.0.1:0"}, where...)...)
	s.eventStore = address
	return err
}

// environment is ours, with the log's place.
func (s *stage) environment() []string {
	return append(os.Environ(), "SIJIL_EVENTSTORE="+s.eventStore)
}

// open starts the ledger behind a front that can cut the status lists off, and the verifier.
func (s *stage) open(ctx context.Context) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listening on a loopback port: %w", err)
	}
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		return err
	}
	// By name: an issuer's DID holds a host name, never an address (did:web).
	s.ledger = "http://localhost:" + port
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("finding this program: %w", err)
	}
	cert, transport, err := s.certificate()
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	inner, err := s.start(ctx, regexp.MustCompile(`listening on (\S+?),`), self, "--log-level=WARN", "serve", "--data", s.data, "--listen", "127.0.0.1:0", "--metrics-listen=", "--public-url", s.ledger,
		"--tls-cert", filepath.Join(cert, "tls.pem"), "--tls-key", filepath.Join(cert, "tls.key"))
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	target, err := url.Parse("https://" + inner)
	if err != nil {
		return fmt.Errorf("reading the ledger's address: %w", err)
	}
	s.secure = "https://localhost:" + target.Port()
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.Transport = transport
	s.front = &http.Server{ReadHeaderTimeout: 10 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.cut.Load() && strings.HasPrefix(r.URL.Path, "/status/") {
			http.Error(w, "the line is cut", http.StatusServiceUnavailable)
			return
		}
		proxy.ServeHTTP(w, r)
	})}
	go s.front.Serve(listener)
	name := filepath.Join(filepath.Dir(self), "sijil-verifier")
	if _, err := os.Stat(name); err != nil {
		return fmt.Errorf("the verifier is not beside this program (%s): build both with make build", name)
	}
	s.verifier, err = s.start(ctx, regexp.MustCompile(`(http://\S+)`), name, "serve", "--listen", "127.0.0.1:0", "--ledger", s.ledger,
		"--receipt-key", filepath.Join(s.data, "verifier", "receipt.key"))
	return err
}

// start runs a program until the stage closes, and returns the address its first line names.
func (s *stage) start(ctx context.Context, address *regexp.Regexp, name string, args ...string) (string, error) {
	cmd := exec.Command(name, args...)
	cmd.Stderr, cmd.Env = s.stderr, s.environment()
	// Ctrl-C goes to us; we end the others in order.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", fmt.Errorf("starting %s: %w", filepath.Base(name), err)
	}
	if err := cmd.Start(); err != nil {
		return "", fmt.Errorf("starting %s: %w", filepath.Base(name), err)
	}
	s.running = append(s.running, cmd)
	lines := bufio.NewReader(out)
	line, err := lines.ReadString('\n')
	found := address.FindStringSubmatch(line)
	if err != nil || found == nil {
		return "", fmt.Errorf("%s did not come up; what it said stands above", filepath.Base(name))
	}
	go func() {
		_, _ = io.Copy(io.Discard, lines)
		err := cmd.Wait()
		if !s.closing.Load() {
			s.ended <- fmt.Errorf("%s ended: %w", filepath.Base(name), errors.Join(err, errors.New("see its messages above")))
		}
		s.ended <- nil
	}()
	return strings.TrimRight(found[1], ".,;)"), nil
}

// close ends the parts, the last started first, and waits for them.
func (s *stage) close() error {
	s.closing.Store(true)
	if s.front != nil {
		_ = s.front.Close()
	}
	var failed error
	for i := len(s.running) - 1; i >= 0; i-- {
		if err := s.running[i].Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
			failed = errors.Join(failed, err)
		}
		select {
		case <-s.ended:
		case <-time.After(40 * time.Second):
			failed = errors.Join(failed, s.running[i].Process.Kill())
		}
	}
	return failed
}

// client makes an API client as the operator does.
func (s *stage) client(ctx context.Context, name, role, institution string) (id, secret string, err error) {
	args := []string{"--log-level=WARN", "client", "create", "--data", s.data, "--tenant", slug, "--name", name, "--role", role, "--json"}
	if institution != "" {
		args = append(args, "--institution", institution)
	}
	out, err := s.self(ctx, args...)
	if err != nil {
		return "", "", fmt.Errorf("sijil client create: %w", err)
	}
	var made struct {
		ID     string `json:"clientId"`
		Secret string `json:"clientSecret"`
	}
	if err := json.Unmarshal(out, &made); err != nil {
		return "", "", fmt.Errorf("reading what sijil client create said: %w", err)
	}
	return made.ID, made.Secret, nil
}

// kept is where the graduate's files are.
func (s *stage) kept() string { return filepath.Join(s.data, "graduate") }

// keep writes a file of the graduate's.
func (s *stage) keep(name string, content []byte) error {
	if err := os.MkdirAll(s.kept(), 0o700); err != nil {
		return fmt.Errorf("making a place for the graduate's files: %w", err)
	}
	if err := os.WriteFile(filepath.Join(s.kept(), name), content, 0o600); err != nil {
		return fmt.Errorf("keeping a file of the graduate's: %w", err)
	}
	return nil
}

// compare replays as `sijil replay --compare` does.
func (s *stage) compare(ctx context.Context) (string, error) {
	out, err := s.self(ctx, "--log-level=WARN", "replay", "--data", s.data, "--compare", "--json")
	var found struct {
		Events    int   `json:"events"`
		Different int   `json:"different"`
		Tables    []any `json:"tables"`
	}
	if jerr := json.Unmarshal(out, &found); jerr != nil {
		return "replay --compare", errors.Join(err, jerr)
	}
	return fmt.Sprintf("%d events replayed, %d tables compared with an independent fold: %d rows differ", found.Events, len(found.Tables), found.Different), err
}

// self runs another verb of this program.
func (s *stage) self(ctx context.Context, args ...string) ([]byte, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, self, args...)
	var said bytes.Buffer
	cmd.Stderr, cmd.Env = &said, s.environment()
	out, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("%w: %s", err, bytes.TrimSpace(said.Bytes()))
	}
	return out, err
}

// invite says how to go on by hand.
func (s *stage) invite(ctx context.Context) {
	id, secret, err := s.client(ctx, "a visitor", "auditor", "")
	if err != nil {
		s.log.WarnContext(ctx, "making a client for the visitor", "err", err)
		return
	}
	fmt.Fprintf(s.stdout, `
Now try it yourself; Ctrl-C ends it.

  the API's manual     %[1]s/docs
  the verifier's page  %[2]s
  a diploma to check   %[7]s, and in other forms beside it

  TOKEN=$(curl -s -u '%[3]s:%[4]s' -d grant_type=client_credentials %[1]s/oauth2/token | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
  curl -s -H "Authorization: Bearer $TOKEN" %[1]s/v1/institutions
  curl -s -H "Authorization: Bearer $TOKEN" '%[1]s/v1/credentials?limit=5'
  curl -s -H 'Content-Type: application/json' -d "{\"credential\":\"$(cat %[7]s)\"}" %[2]s/v1/verify
  %[8]s verify --ledger %[1]s %[7]s

Over TLS, with the demo's own authority:

  curl -s --cacert %[5]s %[6]s/openapi.json
  curl -s --cacert %[5]s -H 'Accept: application/vc' $(curl -s -H "Authorization: Bearer $TOKEN" '%[1]s/v1/credentials?limit=1' | sed 's|.*"institution":"\([^"]*\)".*|%[6]s/status/\1-1|')

`, s.ledger, s.verifier, id, secret, s.ca, s.secure, filepath.Join(s.kept(), "diploma.jwt"), os.Args[0])
}
