package store

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"time"

	bolt "go.etcd.io/bbolt"
)

// The layout of the file, format 3, numbers big-endian. Top-level buckets:
//
//	format           "format" -> the number of the format, 4 bytes
//	log              revision (8) -> frame of an event: time (8), kind (1), flags (1), room length (1), room,
//	                 key length (2), key, value
//	blobs            revision (8) -> frame of what is attached to the change, as it was given
//	state/ROOM       key -> frame of a record: revision (8), time (8), kind (1), value
//	history/ROOM     key, its zeros escaped (00 -> 00 ff), 00 01, revision (8) -> frame of nothing
//
// Revisions count changes from 1 without a gap. Times are nanoseconds since 1970, never falling. Flags are 1 for a
// deletion, which has no value, and 2 for a change with a blob. state holds what the log amounts to; history finds the
// event of a key at a revision. Deletions leave state and stay in log and history; blobs stay as well.
//
// Only an erasure takes out what was there: all that state, history and blobs have of its key, and each event of the key
// becomes one with flag 4, of which nothing but revision and time is left: kind 0, no room, no key, no value. Its own
// event has flag 8 and no key, and for a value the revisions of these events: the first one, then the distance of each
// from the one before, as uvarints. Neither has an entry in history.
//
// A frame is a format byte (1), the CRC-32C of all that follows and of where it stands (4), and the content:
// bucket name, 00, room, 00, key of the entry, then content are summed, so that values that change places are found.
//
// Worked example: the first change of a store puts "v" into room "r" as "k", kind 2, at time 3. The log has
//
//	0000000000000001 -> 01 CRC 0000000000000003 02 00 01 72 0001 6b 76
//
// The second puts "w", and the third, of kind 4 at time 5, erases "k". Then the log has of the first and the third
//
//	0000000000000001 -> 01 CRC 0000000000000003 00 04 00 0000
//	0000000000000003 -> 01 CRC 0000000000000005 04 08 01 72 0000 01 01
//
// Formats so far: 1 (2026-11), which has no blobs, and becomes 2 with the first of them; 2 (2026-11), which has no
// erasures, and becomes 3 with the first of them, as 1 does; 3 (2026-11). A new file is of format 2.
const (
	format  = 3
	format2 = 2
	format1 = 1
)

var (
	bucketFormat  = []byte("format")
	bucketLog     = []byte("log")
	bucketBlobs   = []byte("blobs")
	bucketState   = []byte("state")
	bucketHistory = []byte("history")
	keyFormat     = []byte("format")
)

const frameFormat = 1

// The flags of an event.
const (
	flagDeleted = 1
	flagBlob    = 2
	flagErased  = 4 // alone
	flagErases  = 8 // alone
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func initialise(tx *bolt.Tx) error {
	for _, name := range [][]byte{bucketLog, bucketBlobs, bucketState, bucketHistory} {
		if _, err := tx.CreateBucket(name); err != nil {
			return err
		}
	}
	b, err := tx.CreateBucket(bucketFormat)
	if err != nil {
		return err
	}
	return b.Put(keyFormat, binary.BigEndian.AppendUint32(nil, format2))
}

// raise makes the file one of that format, 2 or more, where it is of an earlier one.
func raise(tx *bolt.Tx, to uint32) error {
	b := tx.Bucket(bucketFormat)
	if binary.BigEndian.Uint32(b.Get(keyFormat)) >= to { // checkFormat saw that it has 4 bytes
		return nil
	}
	if err := b.Put(keyFormat, binary.BigEndian.AppendUint32(nil, to)); err != nil {
		return err
	}
	_, err := tx.CreateBucketIfNotExists(bucketBlobs)
	return err
}

// checkFormat reports a file of another format, or of none.
func checkFormat(tx *bolt.Tx) error {
	b := tx.Bucket(bucketFormat)
	if b == nil {
		return fmt.Errorf("%w: a bbolt file that is no store", ErrVersion)
	}
	v := b.Get(keyFormat)
	if len(v) != 4 {
		return fmt.Errorf("%w: its format is not stated", ErrCorrupt)
	}
	names := [][]byte{bucketLog, bucketState, bucketHistory}
	switch n := binary.BigEndian.Uint32(v); n {
	case format1:
	case format2, format:
		names = append(names, bucketBlobs)
	default:
		return fmt.Errorf("%w: %d, this program writes %d", ErrVersion, n, format)
	}
	for _, name := range names {
		if tx.Bucket(name) == nil {
			return fmt.Errorf("%w: bucket %q is missing", ErrCorrupt, name)
		}
	}
	return nil
}

func revisionKey(r uint64) []byte { return binary.BigEndian.AppendUint64(nil, r) }

func revisionOf(k []byte) uint64 { return binary.BigEndian.Uint64(k) }

// sum is the checksum of a frame's content at its place.
func sum(bucket []byte, room string, key, content []byte) uint32 {
	var buf [128]byte
	place := append(append(append(buf[:0], bucket...), 0), room...)
	c := crc32.Update(0, castagnoli, append(place, 0))
	c = crc32.Update(c, castagnoli, key)
	return crc32.Update(c, castagnoli, content)
}

// frame closes a value whose first 5 bytes are left free for the head.
func frame(bucket []byte, room string, key, v []byte) []byte {
	v[0] = frameFormat
	binary.BigEndian.PutUint32(v[1:], sum(bucket, room, key, v[5:]))
	return v
}

// unframe returns a frame's content, in place.
func unframe(bucket []byte, room string, key, v []byte) ([]byte, error) {
	switch {
	case len(v) < 5:
		return nil, fmt.Errorf("%w: %s %q %q: value of %d bytes", ErrCorrupt, bucket, room, key, len(v))
	case v[0] != frameFormat:
		return nil, fmt.Errorf("%w: %s %q %q: value of format %d", ErrCorrupt, bucket, room, key, v[0])
	case binary.BigEndian.Uint32(v[1:]) != sum(bucket, room, key, v[5:]):
		return nil, fmt.Errorf("%w: %s %q %q: checksum", ErrCorrupt, bucket, room, key)
	}
	return v[5:], nil
}

func encodeRecord(room string, r Record) []byte {
	v := make([]byte, 5, 5+17+len(r.Value))
	v = binary.BigEndian.AppendUint64(v, r.Revision)
	v = binary.BigEndian.AppendUint64(v, uint64(r.Time.UnixNano()))
	v = append(v, r.Kind)
	return frame(bucketState, room, r.Key, append(v, r.Value...))
}

// decodeRecord reads a value of state; the Record shares no memory with it.
func decodeRecord(room string, key, v []byte) (Record, error) {
	r, err := recordIn(room, key, v)
	if err != nil {
		return Record{}, err
	}
	r.Key, r.Value = bytes.Clone(r.Key), append([]byte{}, r.Value...)
	return r, nil
}

// recordIn reads a value of state, in place.
func recordIn(room string, key, v []byte) (Record, error) {
	c, err := unframe(bucketState, room, key, v)
	if err != nil {
		return Record{}, err
	}
	if len(c) < 17 {
		return Record{}, fmt.Errorf("%w: state %q %q: record of %d bytes", ErrCorrupt, room, key, len(c))
	}
	return Record{
		Key:      key,
		Revision: binary.BigEndian.Uint64(c),
		Time:     timeOf(c[8:]),
		Kind:     c[16],
		Value:    c[17:],
	}, nil
}

func timeOf(b []byte) time.Time { return time.Unix(0, int64(binary.BigEndian.Uint64(b))).UTC() }

func encodeEvent(e Event) []byte {
	v := make([]byte, 5, 5+13+len(e.Room)+len(e.Key)+len(e.Value))
	v = binary.BigEndian.AppendUint64(v, uint64(e.Time.UnixNano()))
	flags, value := byte(0), e.Value
	switch {
	case e.Erased:
		flags = flagErased
	case e.Erases != nil:
		flags, value = flagErases, appendRevisions(nil, e.Erases)
	case e.Value == nil:
		flags = flagDeleted
	}
	if e.Blob {
		flags |= flagBlob
	}
	v = append(v, e.Kind, flags, byte(len(e.Room)))
	v = append(v, e.Room...)
	v = binary.BigEndian.AppendUint16(v, uint16(len(e.Key)))
	v = append(append(v, e.Key...), value...)
	return frame(bucketLog, "", revisionKey(e.Revision), v)
}

// decodeEvent reads a value of the log; the Event shares no memory with it.
func decodeEvent(k, v []byte) (Event, error) {
	if len(k) != 8 {
		return Event{}, fmt.Errorf("%w: log: key of %d bytes", ErrCorrupt, len(k))
	}
	c, err := unframe(bucketLog, "", k, v)
	if err != nil {
		return Event{}, err
	}
	short := fmt.Errorf("%w: log %d: event of %d bytes", ErrCorrupt, revisionOf(k), len(c))
	if len(c) < 13 || len(c) < 13+int(c[10]) {
		return Event{}, short
	}
	e := Event{Room: string(c[11 : 11+int(c[10])])}
	e.Revision, e.Time, e.Kind, e.Blob = revisionOf(k), timeOf(c), c[8], c[9]&flagBlob != 0
	flags, rest := c[9], c[11+int(c[10]):]
	n := int(binary.BigEndian.Uint16(rest))
	if rest = rest[2:]; len(rest) < n {
		return Event{}, short
	}
	switch {
	case flags == flagErased:
		if e.Erased = true; e.Kind != 0 || e.Room != "" || len(rest) > 0 {
			return Event{}, fmt.Errorf("%w: log %d: it is erased, but not all of it", ErrCorrupt, e.Revision)
		}
	case flags == flagErases:
		if e.Erases, err = revisionsIn(rest, e.Revision); n > 0 || err != nil {
			return Event{}, fmt.Errorf("%w: log %d: an erasure of what can't be told", ErrCorrupt, e.Revision)
		}
	case flags > flagDeleted|flagBlob || flags&flagDeleted != 0 && len(rest) != n:
		return Event{}, short
	default:
		e.Key = bytes.Clone(rest[:n])
		if flags&flagDeleted == 0 {
			e.Value = append([]byte{}, rest[n:]...)
		}
	}
	return e, nil
}

// historyPrefix is what all entries of a key in history begin with, and no other's.
func historyPrefix(key []byte) []byte {
	b := make([]byte, 0, len(key)+16)
	for _, c := range key {
		if b = append(b, c); c == 0 {
			b = append(b, 0xff)
		}
	}
	return append(b, 0, 1)
}

func historyKey(key []byte, revision uint64) []byte {
	return binary.BigEndian.AppendUint64(historyPrefix(key), revision)
}

// splitHistory takes a key of history apart: the prefix that its key's entries share, the key, and the revision.
func splitHistory(k []byte) (prefix, key []byte, revision uint64, err error) {
	broken := fmt.Errorf("%w: history: key %x", ErrCorrupt, k)
	if len(k) < 10 {
		return nil, nil, 0, broken
	}
	prefix = k[:len(k)-8]
	body := prefix[:len(prefix)-2]
	if !bytes.HasSuffix(prefix, []byte{0, 1}) {
		return nil, nil, 0, broken
	}
	key = bytes.ReplaceAll(body, []byte{0, 0xff}, []byte{0})
	if !bytes.Equal(historyPrefix(key), prefix) {
		return nil, nil, 0, broken
	}
	return prefix, key, revisionOf(k[len(k)-8:]), nil
}
