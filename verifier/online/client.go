// Package online is trust over the network: keys and status lists of ledgers that the
// operator registered, and of nobody else. Its one HTTP client follows no redirect, connects to
// no private address, waits two seconds and reads half a megabyte.
package online

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"

	"sijil/verifier"
)

// Bounds of one fetch.
const (
	timeout = 2 * time.Second
	maxBody = 512 << 10
)

// errNotFound: the ledger answered that there is no such document.
var errNotFound = errors.New("ledger has no such document")

// client fetches from one ledger.
type client struct{ http *http.Client }

// newClient makes a client that connects only to addresses that allowed accepts. The check
// is made on the address that was resolved, right before connecting: a host name that turns
// into another address between check and use gains nothing.
func newClient(allowed func(netip.Addr) bool) client {
	dialer := &net.Dialer{Timeout: timeout, Control: func(_, address string, _ syscall.RawConn) error {
		ap, err := netip.ParseAddrPort(address)
		if err != nil {
			return fmt.Errorf("read address: %w", err)
		}
		if !allowed(ap.Addr().Unmap()) {
			return fmt.Errorf("address %s is not one a ledger may have", ap.Addr())
		}
		return nil
	}}
	return client{&http.Client{
		Timeout:       timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			DialContext:            dialer.DialContext, // and no proxy, which would dial for us
			DisableCompression:     true,               // what is counted is what is read
			TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
			MaxResponseHeaderBytes: 16 << 10,
			MaxConnsPerHost:        16,
			MaxIdleConnsPerHost:    4,
			IdleConnTimeout:        time.Minute,
			ForceAttemptHTTP2:      true,
		},
	}}
}

// get reads one document. All that is not a plain 200 of bounded size is
// [verifier.ErrUnreachable], but for 404, which is errNotFound.
func (c client) get(ctx context.Context, url, accept string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", verifier.ErrUnreachable, err)
	}
	req.Header.Set("Accept", accept)
	req.Header.Set("User-Agent", "sijil-verifier")
	res, err := c.http.Do(req)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", verifier.ErrUnreachable, err)
	}
	defer res.Body.Close()
	if res.StatusCode == http.StatusNotFound || res.StatusCode == http.StatusGone {
		return nil, errNotFound
	}
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%w: answer %d", verifier.ErrUnreachable, res.StatusCode)
	}
	b, err := io.ReadAll(io.LimitReader(res.Body, maxBody+1))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", verifier.ErrUnreachable, err)
	}
	if len(b) > maxBody {
		return nil, fmt.Errorf("%w: more than %d bytes", verifier.ErrUnreachable, maxBody)
	}
	return b, nil
}

// reserved are ranges that are neither private nor loopback by netip's definition and yet
// lead into somebody's own network.
var reserved = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("240.0.0.0/4"), netip.MustParsePrefix("64:ff9b::/96"),
	netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("2002::/16"), netip.MustParsePrefix("2001::/32"), netip.MustParsePrefix("fec0::/10"),
}

func public(ip netip.Addr) bool {
	if !ip.IsValid() || !ip.IsGlobalUnicast() || ip.IsPrivate() || ip.IsLoopback() || ip.IsLinkLocalUnicast() {
		return false
	}
	for _, p := range reserved {
		if p.Contains(ip) {
			return false
		}
	}
	return true
}
