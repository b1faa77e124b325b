package offheap

import "golang.org/x/sys/unix"

// adviseHuge asks for huge pages; a kernel without them says no, which changes nothing.
func adviseHuge(b []byte) { _ = unix.Madvise(b, unix.MADV_HUGEPAGE) }
