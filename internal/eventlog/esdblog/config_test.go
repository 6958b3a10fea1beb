package esdblog

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestConfiguration(t *testing.T) {
	dir := t.TempDir()
	file := func(name, content string) string {
		at := filepath.Join(dir, name)
		if err := os.WriteFile(at, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return at
	}
	user, password := file("user", "ledger\n"), file("password", "  geheim \n")
	empty, text := file("empty", "\n"), file("text", "no certificate")
	for name, c := range map[string]struct {
		cfg            Config
		user, password string
		err            string
	}{
		"one server":                        {cfg: Config{ConnectionString: "esdb://localhost:2113?tls=false"}},
		"a cluster":                         {cfg: Config{ConnectionString: "esdb://a:2113,b:2113,c:2113?tls=true&nodePreference=leader"}},
		"a cluster by its name":             {cfg: Config{ConnectionString: "esdb+discover://cluster.example:2113"}},
		"credentials in the string":         {cfg: Config{ConnectionString: "esdb://u:p%40ss@localhost:2113"}, user: "u", password: "p@ss"},
		"credentials in files":              {cfg: Config{ConnectionString: "esdb://localhost:2113", UserFile: user, PasswordFile: password}, user: "ledger", password: "geheim"},
		"files before the string":           {cfg: Config{ConnectionString: "esdb://u:p@localhost:2113", UserFile: user, PasswordFile: password}, user: "ledger", password: "geheim"},
		"credentials given":                 {cfg: Config{ConnectionString: "esdb://u:p@localhost:2113", Username: "x", Password: "y"}, user: "x", password: "y"},
		"a user without a password":         {cfg: Config{ConnectionString: "esdb://localhost:2113", Username: "x"}, err: "go together"},
		"an empty password file":            {cfg: Config{ConnectionString: "esdb://localhost:2113", UserFile: user, PasswordFile: empty}, err: "is empty"},
		"a password file that is not there": {cfg: Config{ConnectionString: "esdb://localhost:2113", UserFile: user, PasswordFile: filepath.Join(dir, "x")}, err: "reading the event store's password"},
		"another scheme":                    {cfg: Config{ConnectionString: "http://localhost:2113"}, err: "not understood"},
		"nothing":                           {cfg: Config{}, err: "not understood"},
		"a misspelled setting":              {cfg: Config{ConnectionString: "esdb://localhost:2113?tlsCa=x"}, err: `unknown setting "tlsCa"`},
		"settings that are none":            {cfg: Config{ConnectionString: "esdb://localhost:2113?tls=%zz"}, err: "question mark"},
		"an authority that is not there":    {cfg: Config{ConnectionString: "esdb://localhost:2113", CAFile: filepath.Join(dir, "x")}, err: "certificate authority"},
		"an authority that is none":         {cfg: Config{ConnectionString: "esdb://localhost:2113", CAFile: text}, err: "no certificate in PEM form"},
		"a certificate without its key":     {cfg: Config{ConnectionString: "esdb://localhost:2113", CertFile: text}, err: "go together"},
		"a certificate that is none":        {cfg: Config{ConnectionString: "esdb://localhost:2113", CertFile: text, KeyFile: text}, err: "reading the certificate"},
		"a password with an open @":         {cfg: Config{ConnectionString: "esdb://u:sec@ret@local host:x"}, err: "%40"},
	} {
		t.Run(name, func(t *testing.T) {
			c.cfg.Logger, c.cfg.Attempt = slog.New(slog.DiscardHandler), 5*time.Second
			got, err := configuration(t.Context(), c.cfg)
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Fatalf("got %v, want %q", err, c.err)
				}
				for _, secret := range []string{"geheim", "sec@ret", "ret@"} {
					if strings.Contains(err.Error(), secret) {
						t.Errorf("the error tells the password: %v", err)
					}
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got.Username != c.user || got.Password != c.password {
				t.Errorf("got the credentials %q %q, want %q %q", got.Username, got.Password, c.user, c.password)
			}
			if got.MaxDiscoverAttempts != 1 {
				t.Errorf("the client makes %d attempts by itself", got.MaxDiscoverAttempts)
			}
		})
	}
}

// Credentials that would travel unencrypted are not sent, and the operator is told.
func TestCredentialsWithoutTLS(t *testing.T) {
	var out strings.Builder
	_, err := configuration(t.Context(), Config{
		ConnectionString: "esdb://u:p@localhost:2113?tls=false", Attempt: time.Second,
		Logger: slog.New(slog.NewTextHandler(&out, nil)),
	})
	if err != nil || !strings.Contains(out.String(), "are not sent") || strings.Contains(out.String(), "u:p") {
		t.Errorf("%v, and the log says %q", err, out.String())
	}
}

func TestACertificateThatNobodyVerifiesIsWarnedOf(t *testing.T) {
	for query, want := range map[string]bool{"": false, "?tlsVerifyCert=true": false, "?tlsVerifyCert=false": true} {
		var out strings.Builder
		_, err := configuration(t.Context(), Config{
			ConnectionString: "esdb://u:p@localhost:2113" + query, Attempt: time.Second,
			Logger: slog.New(slog.NewTextHandler(&out, nil)),
		})
		if err != nil || strings.Contains(out.String(), "is not verified") != want {
			t.Errorf("%q: %v, and the log says %q", query, err, out.String())
		}
	}
}
