package picture

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Big- and little-endian numbers at the start of b, as int; the caller has checked that they are there.
func be32(b []byte) int { return int(binary.BigEndian.Uint32(b)) }
func le16(b []byte) int { return int(binary.LittleEndian.Uint16(b)) }
func le24(b []byte) int { return int(b[0]) | int(b[1])<<8 | int(b[2])<<16 }
func le32(b []byte) int { return int(binary.LittleEndian.Uint32(b)) }

// blame wraps an error of a foreign decoder: ErrTruncated where it ran out of bytes, otherwise.
func blame(err, otherwise error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		otherwise = ErrTruncated
	}
	return fmt.Errorf("%w: %w", otherwise, err)
}
