package api

import (
	"context"
	"net/http"

	"sijil/domain"
	"sijil/domain/institution"
	"sijil/internal/access"
)

func (s *Server) registerSigningKeys() {
	write(s, op{
		ID: "make-signing-key", Method: http.MethodPost, Path: "/v1/institutions/{institution}/signingKeyPairs", Scope: access.KeysWrite, Tag: "institutions", Status: http.StatusCreated,
		Summary: "Make a key pair on this server and let the institution sign with it",
		Description: "The private half stays here and is never answered. Diplomas need a pair of each purpose. " +
			"For a key that lives elsewhere, give its public half to `authorize-signing-key`.",
	}, s.makeSigningKey)
}

type makeSigningKeyInput struct {
	Institution domain.ID `path:"institution"`
	Body        NewSigningKeyPair
}

// NewSigningKeyPair says what the key is for.
type NewSigningKeyPair struct {
	Purpose institution.Purpose `json:"purpose" enum:"credential,status" doc:"What it signs; one key has one purpose"`
}

// KeyName names a key within its institution.
type KeyName struct {
	Kid string `json:"kid"`
}

func (s *Server) makeSigningKey(ctx context.Context, in *makeSigningKeyInput) (*answer[KeyName], error) {
	act, err := s.act(ctx)
	if err != nil {
		return nil, err
	}
	// Nobody makes key files for an institution that they do not decide for.
	if _, err := s.cfg.Ledger.Reach(ctx, act, in.Institution); err != nil {
		return nil, err
	}
	// The name follows from the command: a retry finds the file it made.
	kid := "k" + string(act.ID("signing key")[:13])
	key, err := s.cfg.Publisher.GenerateKey(ctx, in.Institution, kid, in.Body.Purpose)
	if err != nil {
		return nil, err
	}
	w, err := s.cfg.Ledger.AuthorizeSigningKey(ctx, act, in.Institution, key)
	if err != nil {
		return nil, err
	}
	return written(s, w.Position, institutionsPath+string(in.Institution), KeyName{kid}), nil
}
