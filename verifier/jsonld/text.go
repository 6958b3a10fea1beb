package jsonld

// Text is the pinned context at that URL, byte for byte.
func Text(url string) ([]byte, bool) {
	for _, p := range pins {
		if p.url == url {
			text, err := files.ReadFile("contexts/" + p.file + ".jsonld")
			return text, err == nil
		}
	}
	return nil, false
}
