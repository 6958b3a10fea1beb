package sdjwt

import "sijil/verifier/credential"

// statusBitstring names our mechanism in the status claim of a dc+sd-jwt: an entry of a
// Bitstring Status List, or several. Others, as status_list, are not read here.
const statusBitstring = "bitstring_status_list"

// ReadIssuer is the issuer of a dc+sd-jwt's payload: its iss.
func ReadIssuer(root credential.Value) (string, *credential.Refusal) {
	if !root.IsObject() {
		return "", credential.Refuse(credential.BadPayload, "payload is not a JSON object")
	}
	iss, ok := root.Get("iss").Text()
	if !ok || iss == "" {
		return "", credential.Refuse(credential.BadPayload, "iss is not a text")
	}
	return iss, nil
}

// ReadClaims is what a verifier needs of a revealed dc+sd-jwt (SD-JWT VC §2.2.2): the claims
// are those of the subject, at the top; vct is its type and jti its id. Dates are nbf, exp
// and iat, which [credential.ReadTimes] reads.
func ReadClaims(root credential.Value) (credential.Credential, *credential.Refusal) {
	c := credential.Credential{Root: root, Subject: root}
	var refusal *credential.Refusal
	if c.Issuer, refusal = ReadIssuer(root); refusal != nil {
		return c, refusal
	}
	vct, ok := root.Get("vct").Text()
	if !ok || vct == "" {
		return c, credential.Refuse(credential.WrongType, "there is no vct that says what is certified")
	}
	c.Types = []string{vct}
	if root.Has("vc") || root.Has("vp") {
		return c, credential.Refuse(credential.BadPayload, "payload wraps another credential in a vc or vp claim")
	}
	if c.ID, ok = root.Get("jti").Text(); root.Has("jti") && (!ok || c.ID == "") {
		return c, credential.Refuse(credential.BadPayload, "jti is not a text")
	}
	status := root.Get("status")
	if root.Has("status") && (!status.IsObject() || len(status.Names()) == 0) {
		return c, credential.Refuse(credential.BadPayload, "status is not an object with a mechanism")
	}
	for name, v := range status.Members() {
		if name == statusBitstring {
			c.Status = append(c.Status, v.OneOrMany()...)
		} else {
			c.Status = append(c.Status, v) // not an entry that is known: could not check
		}
	}
	return c, nil
}
