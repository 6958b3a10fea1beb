package vault

import (
	"context"
	"testing"

	"sijil/domain"
)

// TestAForgottenKeyIsNotKeptAgain: another process erases a person. We hear of it and forget
// the key, and before the eraser has reached the store somebody reads it here once more.
func TestAForgottenKeyIsNotKeptAgain(t *testing.T) {
	master, _, err := OpenFileMaster(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	store := NewMemStore()
	here, there := New(store, master, Config{}), New(store, master, Config{})
	const tenant, who domain.ID = "00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"
	mac := func() error {
		_, err := here.PersonMAC(context.Background(), tenant, who, "body", "x")
		return err
	}
	if err := mac(); err != nil {
		t.Fatal(err)
	}
	here.Forget(tenant, who)
	if err := mac(); err != nil {
		t.Fatal("the key is still there:", err)
	}
	if err := there.Destroy(context.Background(), tenant, who, domain.ClassRecord); err != nil {
		t.Fatal(err)
	}
	if err := mac(); err != ErrErased {
		t.Errorf("after the erasure: %v", err)
	}
}
