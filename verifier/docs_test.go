package verifier

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strings"
	"testing"

	"sijil/verifier/lint"
)

var update = flag.Bool("update", false, "write docs/verdicts.md anew")

const verdictsDoc = "../docs/verdicts.md"

func TestVerdictsAreDocumented(t *testing.T) {
	want := verdicts()
	if *update {
		if err := os.WriteFile(verdictsDoc, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(verdictsDoc)
	if err != nil || string(got) != want {
		t.Errorf("docs/verdicts.md is not what the reasons make: go test ./verifier -run Documented -update (%v)", err)
	}
}

func verdicts() string {
	var b strings.Builder
	b.WriteString(`# Verdicts

Made from the table of reasons in verifier/reasons.go; a test keeps it so.

A verdict is six lines, each ` + "`true`, `false` or `could not check`" + `, with what it rests on and how fresh that is:

| line | question |
|---|---|
| integrity | Is the content exactly what the key's holder signed, in a form with one meaning? |
| issuerKey | Does the key belong to the named issuer, for credentials, and was it good when it signed? |
| accreditation | Was the issuer accredited on the award date? |
| status | Has the issuer neither revoked nor suspended it? |
| time | Does the evaluation time lie in its validity? |
| anchoring | Did the ledger record this very content? |

From them follows one of three answers:

- **NOT VALID** if any line is false.
- **VALID** if integrity, issuerKey and time are true, and status is true or not needed (` + "`no_status`" + `).
  For a key that is retired or compromised, issuerKey is true only if the ledger's extract shows that it recorded the credential in time.
- **CANNOT CONFIRM** otherwise: a source is out of reach, too old or not to be believed, an issuer or key is not known here.

` + "`format`" + ` is how it is secured: ` + "`vc+jwt`, `vp+jwt`, `vc+sd-jwt`, `vp+sd-jwt`, `dc+sd-jwt`, `ob3+jwt` (Open Badges 3.0, typ JWT), `jwt_vc` (data model 1.1 in a vc or vp claim), `eddsa-rdfc-2022`, `eddsa-jcs-2022`, `Ed25519Signature2020`" + `.
A presentation, and a transcript that holds signed credentials, has ` + "`items`" + `: a whole verdict for each. The answer on the whole is the worst of
its own lines and theirs. A presentation's own lines are about its holder: integrity, the holder's key, time; the rest is ` + "`not_applicable`" + `.

` + "`reasons`" + ` lists everything that stands against it, in the order of the lines; ` + "`reason`" + ` is the first. The codes are stable.

`)
	line := ""
	for _, e := range Reasons() {
		if e.Line != line {
			line = e.Line
			title := line
			if line == "any" {
				title = "any line"
			}
			fmt.Fprintf(&b, "## %s\n\n| reason | answer | meaning | what to do |\n|---|---|---|---|\n", title)
		}
		if e.Do == "" {
			panic(e.Code + " tells nobody what to do")
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", e.Code, e.Answer, e.Meaning, e.Do)
		if next := nextLine(e); next != line {
			b.WriteString("\n")
		}
	}
	b.WriteString("## Why it was revoked or suspended\n\nThe status line has a `cause` where the issuer's ledger publishes one and that is at hand: online, or in the ledger's extract\nof a signed bundle. It is a class of reasons and says nothing of the person. Without it the answer is the same.\n\n| class | meaning | what to do |\n|---|---|---|\n")
	for _, e := range Classes() {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", e.Class, e.Meaning, e.Do)
	}
	b.WriteString(`
## Warnings

They change no answer.

| warning | meaning |
|---|---|
| ` + "`unsigned_bundle`" + ` | The verifier's trust comes from a bundle that carries no signature. |
| ` + "`unknown_context`" + ` | The credential has an @context beside those of the data model and Open Badges. It is not fetched; unknown members are ignored. |
| ` + "`inline_context`" + ` | The credential brings definitions of terms inside its @context. They are not applied. |
| ` + "`unknown_member`" + ` | It has a top-level member that neither the data model nor Open Badges define. It is ignored. |
| ` + "`untyped_member`" + ` | An entry of its status, schema, terms of use, evidence or refresh service does not say of what type it is. |
| ` + "`older_data_model`" + ` | It is of the data model 1.1, whose dates are issuanceDate and expirationDate. |
| ` + "`legacy_format`" + ` | It is a JWT with a vc or vp claim, as issuers made them before vc+jwt. |
| ` + "`unsupported_proof`" + ` | Beside the proofs that hold it carries one of a kind that is not checked here. |
| ` + "`not_challenged`" + ` | Nobody asked for a challenge or audience, so that the presentation may have been made for somebody else, at any time. |
| ` + "`holder_is_not_subject`" + ` | The credential does not say that it is about the holder of the presentation around it. |
`)
	b.WriteString(`
## What an issuer may not sign

Issuing is stricter than verifying (package verifier/lint). These are found in a credential before it is signed, by JSON pointer; a verifier of
a vc+jwt lives with most of them.

| reason | meaning |
|---|---|
`)
	for _, r := range lint.Reasons() {
		fmt.Fprintf(&b, "| `%s` | %s |\n", r.Code, r.Meaning)
	}
	return b.String()
}

// nextLine is the line of the reason after e.
func nextLine(e Explanation) string {
	for i, other := range Reasons() {
		if other == e && i+1 < len(Reasons()) {
			return Reasons()[i+1].Line
		}
	}
	return ""
}

func TestEveryReasonInTheCodeIsExplainedOnce(t *testing.T) {
	seen := map[string]int{}
	for _, e := range Reasons() {
		seen[string(e.Code)]++
	}
	for _, file := range []string{"reasons.go", "credential/refusal.go"} {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || spec.Type == nil || len(spec.Values) != 1 {
				return true
			}
			if lit, ok := spec.Values[0].(*ast.BasicLit); ok && lit.Kind == token.STRING {
				code := strings.Trim(lit.Value, `"`)
				if seen[code] != 1 {
					t.Errorf("%s is explained %d times", code, seen[code])
				}
				delete(seen, code)
			}
			return true
		})
	}
	if len(seen) > 0 {
		t.Errorf("explained and not in the code: %v", seen)
	}
	for _, c := range hostileCases(t, "vc-jwt") {
		for r := range strings.SplitSeq(c.Reason, "|") {
			if r != "" && !strings.Contains(verdicts(), "| `"+r+"` |") {
				t.Errorf("the corpus knows %s", r)
			}
		}
	}
}
