package server

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"slices"

	"touchstone/index"
)

// errPageToken is returned when a page token is not one that this query was given.
var errPageToken = errors.New("not a page token of this query")

// A page token is base64url, unpadded, of
//
//	offset  length  what
//	0       1       1, the version of this layout
//	1       8       digest of what is listed and by which filter
//	9       1, 2    length of the brand, as an unsigned varint
//	...             the last key of the page: brand, then photo ID
//
// Worked example: 01 a1b2c3d4e5f60718 04 "Acme" "p1". A token is not a secret: who makes one up can ask for nothing
// that a filter can't ask for.
const pageVersion = 1

// query is what a page token is bound to: the digest of what is listed and by which filter, whatever the order of its
// names.
type query [8]byte

func queryOf(listed string, f index.Filter) query {
	h := sha256.New()
	write := func(names ...string) {
		// A hash takes all that is written to it.
		_, _ = h.Write(binary.AppendUvarint(nil, uint64(len(names))))
		for _, s := range names {
			_, _ = h.Write(binary.AppendUvarint(nil, uint64(len(s))))
			_, _ = h.Write([]byte(s))
		}
	}
	write(listed)
	write(slices.Compact(slices.Sorted(slices.Values(f.Brands)))...)
	write(slices.Compact(slices.Sorted(slices.Values(f.Products)))...)
	return query(h.Sum(nil)[:8])
}

// token returns the token of the page after the one that ends with a key.
func (q query) token(last index.Key) string {
	b := append([]byte{pageVersion}, q[:]...)
	b = binary.AppendUvarint(b, uint64(len(last.Brand)))
	b = append(b, last.Brand...)
	b = append(b, last.ID...)
	return base64.RawURLEncoding.EncodeToString(b)
}

// after returns the key after which a page begins. Errors: errPageToken.
func (q query) after(token string) (index.Key, error) {
	if token == "" {
		return index.Key{}, nil
	}
	if len(token) > maxPageToken {
		return index.Key{}, errPageToken
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(b) < 1+len(q) || b[0] != pageVersion || query(b[1:1+len(q)]) != q {
		return index.Key{}, errPageToken
	}
	b = b[1+len(q):]
	length, n := binary.Uvarint(b)
	if n <= 0 || length > uint64(len(b)-n) {
		return index.Key{}, errPageToken
	}
	return index.Key{Brand: string(b[n : n+int(length)]), ID: string(b[n+int(length):])}, nil
}

// pageSize is the size of a page that was asked for. Errors: errRequest.
func pageSize(asked int32, otherwise int) (int, error) {
	switch {
	case asked < 0:
		return 0, refuse("page_size", "0 (for %d) or more, got %d", otherwise, asked)
	case asked == 0:
		return otherwise, nil
	}
	return min(int(asked), maxPage), nil
}
