package esdblog

// OneByOne is cfg for a log that offers no batches to its server.
func OneByOne(cfg Config) Config {
	cfg.single = true
	return cfg
}

// Batching reports whether appends go over one call at the moment.
func (l *Log) Batching() bool {
	l.batch.mu.Lock()
	defer l.batch.mu.Unlock()
	return l.batch.running != nil
}
