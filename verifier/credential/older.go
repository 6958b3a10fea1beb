package credential

// readLegacy reads a credential of the data model 1.1 in the "vc" claim of a JWT
// (https://www.w3.org/TR/vc-data-model-1.1/#json-web-token): the claims iss, jti and sub
// stand for the issuer and the ids, and must agree with those within, where both are there.
func readLegacy(claims Value) (Credential, *Refusal) {
	c := Credential{Root: claims.Get("vc"), Claims: claims}
	if !c.Root.IsObject() {
		return c, Refuse(BadPayload, "vc claim is not a JSON object")
	}
	var refusal *Refusal
	if c.Issuer, refusal = legacyIssuer(claims); refusal != nil {
		return c, refusal
	}
	if refusal := c.readShape(true); refusal != nil {
		return c, refusal
	}
	if !c.Older {
		return c, Refuse(BadPayload, "a vc claim holds a credential of the data model 1.1, this is one of 2.0")
	}
	if c.ID, refusal = either(claims, "jti", c.Root, "id"); refusal != nil {
		return c, refusal
	}
	_, refusal = either(claims, "sub", c.Subject, "id")
	return c, refusal
}

func legacyIssuer(claims Value) (string, *Refusal) {
	iss, _ := claims.Get("iss").Text()
	within := claims.Get("vc").Get("issuer")
	id, ok := idOf(within)
	switch {
	case within.Kind() != Missing && !ok:
		return "", Refuse(BadPayload, "issuer is neither a URL nor an object with one")
	case claims.Has("iss") && iss == "" || ok && iss != "" && iss != id:
		return "", Refuse(IssuerMismatch, "iss and issuer differ")
	case ok:
		return id, nil
	case iss == "":
		return "", Refuse(BadPayload, "there is neither iss nor an issuer")
	}
	return iss, nil
}

// either is a text that stands in one place or, the same, in both.
func either(a Value, inA string, b Value, inB string) (string, *Refusal) {
	for _, v := range []Value{a.Get(inA), b.Get(inB)} {
		if s, _ := v.Text(); v.Kind() != Missing && s == "" {
			return "", Refuse(BadPayload, "%s or %s is not a text", inA, inB)
		}
	}
	x, _ := a.Get(inA).Text()
	y, _ := b.Get(inB).Text()
	switch {
	case x == "":
		return y, nil
	case y != "" && y != x:
		return "", Refuse(BadPayload, "%s and %s differ", inA, inB)
	}
	return x, nil
}
