package esdblog

// OneByOne is cfg for a log that offers no batches to its server.
func OneByOne(cfg Config) Config {
	cfg.single = true
	return cfg
}
