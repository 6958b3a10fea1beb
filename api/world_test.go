package api_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"sijil/domain"
	"sijil/internal/access"
	"sijil/internal/apitest"
)

func country(code string) map[string]any {
	return map[string]any{
		"identificationCode": code, "nameOfInstitution": map[string]string{"fr": "Ministère " + code, "ar": "وزارة"},
		"tier": "country", "countryCode": "TN", "beginDate": "1990-01-01",
	}
}

func below(parent domain.ID, tier, code string) map[string]any {
	b := country(code)
	b["tier"], b["parentOrganization"] = tier, parent
	return b
}

func TestARetryIsAnsweredLikeTheFirstTime(t *testing.T) {
	t.Parallel()
	w := apitest.New(t)
	ministry := w.Client("ministry", "")
	key := []string{"Idempotency-Key", uuid.NewString()}
	first := ministry.Do("POST", "/v1/institutions", country("TN"), key...).Want(201)
	if first.Field("id") != string(w.Tenant()) {
		t.Errorf("the authority's own institution is %s, want the tenant's id %s", first.Field("id"), w.Tenant())
	}
	again := ministry.Do("POST", "/v1/institutions", country("TN"), key...).Want(201)
	if string(again.Body) != string(first.Body) || again.Header.Get("Location") != first.Header.Get("Location") ||
		again.Header.Get("X-Sijil-Position") != first.Header.Get("X-Sijil-Position") {
		t.Errorf("the retry is answered %s %v, the first time was %s %v", again.Body, again.Header, first.Body, first.Header)
	}
	ministry.Do("POST", "/v1/institutions", country("XX"), key...).WantProblem(422, "idempotency_key_reused")
	ministry.Do("POST", "/v1/institutions", below(w.Tenant(), "region", "R"), key...).WantProblem(422, "idempotency_key_reused")

	// Another tenant's same key is another command.
	other := w.ClientOf("elsewhere", "", access.Roles["ministry"]...)
	there := other.Do("POST", "/v1/institutions", country("TN"), key...).Want(201)
	if there.Field("id") == first.Field("id") {
		t.Error("one tenant's answer was replayed to another")
	}
	// And another path's.
	region := ministry.Post("/v1/institutions", below(w.Tenant(), "region", "R")).Want(201).Field("id")
	renaming := map[string]any{"nameOfInstitution": map[string]string{"fr": "Autre"}, "beginDate": "2020-01-01"}
	one := ministry.Do("POST", "/v1/institutions/"+region+"/renamings", renaming, key...).Want(201)
	two := ministry.Do("POST", "/v1/institutions/"+first.Field("id")+"/renamings", renaming, key...).Want(201)
	if one.Header.Get("X-Sijil-Position") == two.Header.Get("X-Sijil-Position") {
		t.Error("the same key on another path was taken for a retry")
	}
}

func TestAWriteIsReadAtItsPosition(t *testing.T) {
	t.Parallel()
	w := apitest.New(t)
	ministry := w.Client("ministry", "")
	ministry.Post("/v1/institutions", country("TN")).Want(201)
	for i := range 20 {
		made := ministry.Post("/v1/institutions", below(w.Tenant(), "region", fmt.Sprint("R", i))).Want(201)
		if got := ministry.Get(made.Header.Get("Location")).Want(200); got.Field("id") != made.Field("id") {
			t.Fatalf("read back %s", got.Body)
		}
	}
	log, _, _ := strings.Cut(ministry.Position, ":")
	read := func(position string) *apitest.Response {
		return ministry.Do("GET", "/v1/institutions", nil, "X-Sijil-Position", position)
	}
	read(log+":999999").WantProblem(503, "read_behind")
	read(uuid.NewString()+":1").WantProblem(400, "foreign_position")
}

func TestCommandsSentManyTimesAtOnceAreRecordedOnce(t *testing.T) {
	t.Parallel()
	w := apitest.New(t)
	ministry := w.Client("ministry", "")
	ministry.Post("/v1/institutions", country("TN")).Want(201)
	start, err := w.Ledger.Log().End(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	const commands = 150
	type send struct{ n int }
	var sends []send
	for n := range commands {
		for range 1 + rand.IntN(4) {
			sends = append(sends, send{n})
		}
	}
	rand.Shuffle(len(sends), func(i, j int) { sends[i], sends[j] = sends[j], sends[i] })
	queue := make(chan send, len(sends))
	for _, s := range sends {
		queue <- s
	}
	close(queue)
	var mu sync.Mutex
	answers := map[int]string{}
	var workers sync.WaitGroup
	for range 16 {
		workers.Go(func() {
			for s := range queue {
				mine := *ministry // Position is the client's own
				r := mine.Do("POST", "/v1/institutions", below(w.Tenant(), "region", fmt.Sprint("R", s.n)), "Idempotency-Key", fmt.Sprint("key-", s.n))
				if r.Status != 201 {
					t.Errorf("command %d: %d %s", s.n, r.Status, r.Body)
					continue
				}
				got := string(r.Body) + r.Header.Get("X-Sijil-Position")
				mu.Lock()
				if before := answers[s.n]; before != "" && before != got {
					t.Errorf("command %d is answered %s, and before %s", s.n, got, before)
				}
				answers[s.n] = got
				mu.Unlock()
			}
		})
	}
	workers.Wait()
	end, err := w.Ledger.Log().End(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if n := end - start; n != commands {
		t.Errorf("%d events were recorded for %d distinct commands", n, commands)
	}
}
