package main

import (
	"cmp"
	"errors"
	"net/url"
	"os"
	"strings"

	service "sijil/internal/app"
)

// eventStore is where the flag and the environment say that the log is; its zero value is
// PostgreSQL.
func (d dataFlags) eventStore() (service.EventStore, error) {
	at := cmp.Or(d.Eventstore, os.Getenv("SIJIL_EVENTSTORE"))
	if at == "" {
		return service.EventStore{}, nil
	}
	if d.Eventstore != "" && holdsPassword(d.Eventstore) {
		return service.EventStore{}, errors.New("--eventstore holds a password, which everybody on this machine can read: leave it out and name a file with SIJIL_EVENTSTORE_PASSWORD_FILE, or give the whole in SIJIL_EVENTSTORE")
	}
	if !isEventStore(at) {
		return service.EventStore{}, errors.New("the event store is named by a connection string as esdb://host:2113 or esdb+discover://host:2113 (SIJIL_EVENTSTORE or --eventstore); without one the log is in PostgreSQL")
	}
	return withCredentials(at), nil
}

// withCredentials adds what the environment says about every event store. A user in the
// connection string goes before the environment's.
func withCredentials(at string) service.EventStore {
	s := service.EventStore{
		URL: at, CAFile: os.Getenv("SIJIL_EVENTSTORE_CA_FILE"),
		CertFile: os.Getenv("SIJIL_EVENTSTORE_CERT_FILE"), KeyFile: os.Getenv("SIJIL_EVENTSTORE_KEY_FILE"),
	}
	if !strings.Contains(at, "@") {
		s.User, s.PasswordFile = os.Getenv("SIJIL_EVENTSTORE_USER"), os.Getenv("SIJIL_EVENTSTORE_PASSWORD_FILE")
	}
	return s
}

// isEventStore reports whether at is a connection string of EventStoreDB or KurrentDB.
func isEventStore(at string) bool {
	scheme, _, ok := strings.Cut(at, "://")
	switch strings.TrimSuffix(scheme, "+discover") {
	case "esdb", "kurrentdb", "kurrent", "kdb":
		return ok
	}
	return false
}

// holdsPassword reports whether a URL has one, or is too odd to tell: in front of the last @ before the question
// mark (passwords hold what does not belong there), or among the settings.
func holdsPassword(at string) bool {
	_, rest, _ := strings.Cut(at, "://")
	place, query, _ := strings.Cut(rest, "?")
	if i := strings.LastIndexByte(rest, '@'); i > len(place) { // a question mark in a password
		place = rest[:i+1]
	}
	if i := strings.LastIndexByte(place, '@'); i >= 0 && strings.ContainsRune(place[:i], ':') {
		return true
	}
	settings, err := url.ParseQuery(query)
	for name := range settings {
		if strings.Contains(strings.ToLower(name), "password") {
			return true
		}
	}
	return err != nil
}
