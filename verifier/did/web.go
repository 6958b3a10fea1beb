package did

import (
	"fmt"
	"net/netip"
	"net/url"
	"strings"
)

// Web is the did:web of an institution under a ledger's public URL (W3C CCG did:web):
// "https://ledger.example:8443" and id give "did:web:ledger.example%3A8443:institutions:ID".
// A path in base becomes more segments. did:web knows no IP addresses, so base must name a
// host; only a loopback address is let through, for a ledger tried out on one machine.
func Web(base, id string) (string, error) {
	u, err := url.Parse(base)
	if err != nil {
		return "", fmt.Errorf("read ledger URL: %w", err)
	}
	if u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Scheme != "https" && u.Scheme != "http" {
		return "", fmt.Errorf("ledger URL %q is not of the form https://host[:port][/path]", base)
	}
	if ip, err := netip.ParseAddr(u.Hostname()); err == nil && (!ip.IsLoopback() || ip.Is6()) {
		return "", fmt.Errorf("ledger URL %q names an IP address, which did:web does not allow: use a host name", base)
	}
	parts := []string{"did:web", strings.ReplaceAll(strings.ToLower(u.Host), ":", "%3A")}
	for seg := range strings.SplitSeq(strings.Trim(u.EscapedPath(), "/"), "/") {
		if seg != "" {
			parts = append(parts, seg)
		}
	}
	return strings.Join(append(parts, "institutions", id), ":"), nil
}

// Location is where a did:web resolves to, without scheme: host (with port) and the path
// in front of "/did.json". Anything that is not a plain did:web is an error: other
// methods, empty, dot or percent-encoded segments, queries, fragments, IP addresses other
// than loopback.
func Location(id string) (host, path string, err error) {
	bad := func(why string) (string, string, error) { return "", "", fmt.Errorf("not a did:web: %s", why) }
	rest, ok := strings.CutPrefix(id, "did:web:")
	if !ok {
		return bad("other method")
	}
	if len(id) > 512 {
		return bad("longer than 512 bytes")
	}
	segs := strings.Split(rest, ":")
	name, port, hasPort := strings.Cut(segs[0], "%3A")
	if !plain(name) || !strings.ContainsFunc(name, func(r rune) bool { return r != '.' }) {
		return bad("host has other characters than a-z, 0-9, '-' and '.'")
	}
	if ip, err := netip.ParseAddr(name); err == nil && !ip.IsLoopback() || err != nil && numeric(name) {
		return bad("host is an IP address")
	}
	host = name
	if hasPort {
		if port == "" || len(port) > 5 || strings.Trim(port, "0123456789") != "" {
			return bad("port is not a number")
		}
		host += ":" + port
	}
	for _, seg := range segs[1:] {
		if seg == "" || strings.Trim(seg, ".") == "" || !plain(strings.NewReplacer("_", "-").Replace(strings.ToLower(seg))) {
			return bad("path segment has other characters than A-Z, a-z, 0-9, '-', '_' and '.'")
		}
		path += "/" + seg
	}
	return host, path, nil
}

// Split takes a DID URL apart at its fragment: "did:web:h:i#k" gives "did:web:h:i" and "k".
// Both parts must be there.
func Split(kid string) (id, fragment string, ok bool) {
	id, fragment, ok = strings.Cut(kid, "#")
	return id, fragment, ok && strings.HasPrefix(id, "did:") && fragment != ""
}

// numeric: the last label of a host name that some resolvers would read as an address
// ("0x7f.1", "2130706433") is a number.
func numeric(host string) bool {
	last := host[strings.LastIndexByte(strings.TrimSuffix(host, "."), '.')+1:]
	return last == "" || last[0] >= '0' && last[0] <= '9'
}

func plain(s string) bool {
	return s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-.") == ""
}
