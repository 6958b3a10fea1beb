// Command sijil is the ledger: the server and everything an operator does with it, one
// verb a file.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
)

// cli is the command line: a field is a verb, declared in the file of its name.
type cli struct {
	LogLevel slog.Level `default:"${log_level}" placeholder:"LEVEL" help:"Least severe messages on standard error: DEBUG, INFO, WARN or ERROR."`

	Serve      serveCmd      `cmd:"" help:"Run the API and what follows the log."`
	Bundle     bundleCmd     `cmd:"" help:"Write what verifiers need offline, and the signed credentials."`
	Client     clientCmd     `cmd:"" help:"Make, list and revoke API clients."`
	Credential credentialCmd `cmd:"" help:"Sign and check single credentials with a key file."`
	Demo       demoCmd       `cmd:"" help:"Start a ledger and a verifier and act out their users."`
	Eventstore eventstoreCmd `cmd:"" help:"Serve a log to EventStoreDB clients, for development."`
	Import     importCmd     `cmd:"" help:"Turn CSV files into records, as schools would post them."`
	Keys       keysCmd       `cmd:"" help:"Authorize, list and retire the keys institutions sign with."`
	Log        logCmd        `cmd:"" help:"Look at the event log."`
	Migrate    migrateCmd    `cmd:"" help:"Bring the database to the schema this program needs, or say how far it is."`
	Replay     replayCmd     `cmd:"" help:"Compare the read models with the log, or build them anew."`
	Verify     verifyCmd     `cmd:"" help:"Check signed diplomas, offline with a bundle or against a ledger."`
	Version    versionCmd    `cmd:"" help:"Print which program this is."`
}

const description = `Sijil is an event-sourced ledger of student records and diplomas.

The ledger lives in a PostgreSQL database: the one SIJIL_DATABASE_URL names, else a private
one that is started in the data directory (--data). SIJIL_EVENTSTORE moves the event log to an
EventStoreDB or KurrentDB cluster.

Exit status: 0 it is done, 1 it failed and standard error says why, 2 the command
line is wrong. A verb that tells more by its status says so in its own help.`

// Exit statuses.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
)

// app is what every verb gets besides its flags: kong passes it, and the context that
// ends on Ctrl-C or SIGTERM, to the verb's Run.
type app struct {
	stdout, stderr io.Writer
	log            *slog.Logger
	now            func() time.Time
}

func main() { os.Exit(run(os.Args[1:])) }

func run(args []string) (status int) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// After the first signal a second one ends the process the hard way.
	context.AfterFunc(ctx, stop)

	var c cli
	exited := -1
	parser, err := kong.New(&c,
		kong.Name("sijil"),
		kong.Description(description),
		kong.Exit(func(code int) { exited = code }), // --help
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
		kong.Vars{"log_level": slog.LevelInfo.String(), "data_dir": defaultDataDir()},
		kong.BindTo(ctx, (*context.Context)(nil)),
	)
	if err != nil { // a mistake in the structs
		panic(err)
	}
	k, err := parser.Parse(args)
	if exited >= 0 {
		return exited
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "sijil: %v\nTry: %s --help\n", err, understood(err))
		return exitUsage
	}
	a := &app{
		stdout: os.Stdout, stderr: os.Stderr, now: time.Now,
		log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: c.LogLevel})),
	}
	slog.SetDefault(a.log)
	return report(k.Run(a))
}

// understood is the command line up to the verb that was recognised: its help names what is wrong with the rest.
func understood(err error) string {
	var wrong *kong.ParseError
	if errors.As(err, &wrong) && wrong.Context != nil {
		if verb := wrong.Context.Selected(); verb != nil {
			return verb.FullPath()
		}
	}
	return "sijil"
}

// report says what went wrong, and with which status to end.
func report(err error) int {
	if err == nil {
		return exitOK
	}
	if s := err.Error(); s != "" {
		fmt.Fprintln(os.Stderr, "sijil:", s)
	}
	if e, ok := errors.AsType[interface {
		error
		ExitCode() int
	}](err); ok {
		return e.ExitCode()
	}
	return exitFailed
}
