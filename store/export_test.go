package store

// Queued is how many Commits wait for the writer.
func (s *Store) Queued() int { return len(s.queue) }
