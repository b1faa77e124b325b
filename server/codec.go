package server

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"google.golang.org/grpc/encoding"
	protocodec "google.golang.org/grpc/encoding/proto"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"touchstone/index"
)

// errMalformed is returned when a message is not what the protocol says.
var errMalformed = errors.New("malformed message")

// codec is gRPC's own, but for messages that can't be parsed: gRPC answers INTERNAL to those, before any interceptor
// sees them, and ends the stream that they came on. Here they get through, marked, and become INVALID_ARGUMENT, of the
// call or of that one item. What was parsed before the fault stays in the message: an item's correlation id, in
// particular, which is its first field.
type codec struct{ encoding.CodecV2 }

func newCodec() codec { return codec{encoding.GetCodecV2(protocodec.Name)} }

// mark is the number of the unknown field that marks a message: the last one there is. A client that sends it itself
// gets the error that it asks for.
const mark = protowire.MaxValidNumber

// Unmarshal parses a message, or marks it.
func (c codec) Unmarshal(data mem.BufferSlice, v any) error {
	err := c.CodecV2.Unmarshal(data, v)
	m, ok := v.(proto.Message)
	if err == nil || !ok {
		return err
	}
	r := m.ProtoReflect()
	field := badText(r.Descriptor(), data.Materialize())
	r.SetUnknown(protowire.AppendString(protowire.AppendTag(nil, mark, protowire.BytesType), field))
	return nil
}

// malformed reports, as errMalformed, a message that was marked.
func malformed(v any) error {
	m, ok := v.(proto.Message)
	if !ok {
		return nil
	}
	unknown := m.ProtoReflect().GetUnknown()
	number, kind, n := protowire.ConsumeTag(unknown)
	if n < 0 || number != mark || kind != protowire.BytesType {
		return nil
	}
	if field, _ := protowire.ConsumeBytes(unknown[n:]); len(field) > 0 && utf8.Valid(field) {
		return &index.FieldError{Field: string(field), Want: "valid UTF-8", Err: errMalformed}
	}
	return fmt.Errorf("%w: it is broken off, or not in the form of a protocol buffer", errMalformed)
}

// badText returns the path of the first text in an encoded message that is not UTF-8, or "".
func badText(d protoreflect.MessageDescriptor, b []byte) string {
	for len(b) > 0 {
		number, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			return ""
		}
		b = b[n:]
		if n = protowire.ConsumeFieldValue(number, kind, b); n < 0 {
			return ""
		}
		f := d.Fields().ByNumber(number)
		if f != nil && kind == protowire.BytesType {
			value, _ := protowire.ConsumeBytes(b)
			if f.Kind() == protoreflect.StringKind && !utf8.Valid(value) {
				return string(f.Name())
			}
			if f.Kind() == protoreflect.MessageKind {
				if below := badText(f.Message(), value); below != "" {
					if f.IsMap() {
						return string(f.Name())
					}
					return string(f.Name()) + "." + below
				}
			}
		}
		b = b[n:]
	}
	return ""
}
