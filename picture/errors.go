package picture

import "errors"

// What is returned for a picture that is refused. The text that wraps them says what was found and what is accepted.
var (
	// ErrEmpty is returned when there are no bytes.
	ErrEmpty = errors.New("picture: no bytes")
	// ErrFormat is returned when the bytes are not of a format that is read. The text names what they look like.
	ErrFormat = errors.New("picture: not a picture that is read")
	// ErrTooLarge is returned when the bytes, a side, the pixels or the memory that decoding takes exceed the limits.
	ErrTooLarge = errors.New("picture: too large")
	// ErrTooSmall is returned when a side is shorter than the least.
	ErrTooSmall = errors.New("picture: too small")
	// ErrTruncated is returned when the bytes end before the picture does.
	ErrTruncated = errors.New("picture: truncated")
	// ErrCorrupt is returned when the bytes contradict their format.
	ErrCorrupt = errors.New("picture: corrupt")
	// ErrUnsupported is returned when a known format uses a feature that is not read, such as arithmetic coding.
	ErrUnsupported = errors.New("picture: feature not supported")
	// ErrDecoder is returned when a decoder panicked. The picture is to blame as well, but it is our fault.
	ErrDecoder = errors.New("picture: decoder fault")
)
