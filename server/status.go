package server

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/durationpb"

	"touchstone/fingerprint"
	"touchstone/index"
	"touchstone/listing"
	"touchstone/listing/book"
	"touchstone/match"
	"touchstone/picture"
	touchstonev1 "touchstone/proto/touchstone/v1"
)

// domain is that of the reasons in errdetails.ErrorInfo.
const domain = "touchstone"

// comeBack is when a caller may try again who was told that there is too much to do.
const comeBack = time.Second

// maxMessage keeps messages short whatever was sent, in bytes.
const maxMessage = 1024

// failure is what a caller is told of an error.
type failure struct {
	code   codes.Code
	reason touchstonev1.ErrorReason
	text   string // "": the error's own
	field  string // "": what the error is located at
}

// hidden tells whether the caller is kept from the error's own text, so that the log has to have it.
func (f failure) hidden() bool { return f.text != "" }

// fail is the one place where errors become codes.
func fail(err error) failure {
	is := func(sentinel error) bool { return errors.Is(err, sentinel) }
	const invalid = codes.InvalidArgument
	switch {
	case is(context.Canceled):
		return failure{codes.Canceled, touchstonev1.ErrorReason_ERROR_REASON_CANCELLED, "the call was cancelled", ""}
	case is(context.DeadlineExceeded):
		return failure{codes.DeadlineExceeded, touchstonev1.ErrorReason_ERROR_REASON_DEADLINE_EXCEEDED, "the deadline passed", ""}

	case is(picture.ErrEmpty):
		return failure{invalid, touchstonev1.ErrorReason_ERROR_REASON_IMAGE_EMPTY, "", ""}
	case is(picture.ErrFormat):
		return failure{invalid, touchstonev1.ErrorReason_ERROR_REASON_IMAGE_FORMAT_UNKNOWN, "", ""}
	case is(picture.ErrTooLarge):
		return failure{invalid, touchstonev1.ErrorReason_ERROR_REASON_IMAGE_TOO_LARGE, "", ""}
	case is(picture.ErrTooSmall):
		return failure{invalid, touchstonev1.ErrorReason_ERROR_REASON_IMAGE_TOO_SMALL, "", ""}
	case is(picture.ErrTruncated):
		return failure{invalid, touchstonev1.ErrorReason_ERROR_REASON_IMAGE_TRUNCATED, "", ""}
	case is(picture.ErrDecoder): // before ErrCorrupt: whatever else was found, the fault is ours
		return failure{codes.Internal, touchstonev1.ErrorReason_ERROR_REASON_IMAGE_DECODER_FAULT, "the image's decoder failed", ""}
	case is(picture.ErrCorrupt):
		return failure{invalid, touchstonev1.ErrorReason_ERROR_REASON_IMAGE_CORRUPT, "", ""}
	case is(picture.ErrUnsupported):
		return failure{invalid, touchstonev1.ErrorReason_ERROR_REASON_IMAGE_FEATURE_UNSUPPORTED, "", ""}
	case is(fingerprint.ErrPlain):
		return failure{invalid, touchstonev1.ErrorReason_ERROR_REASON_IMAGE_TOO_PLAIN, "", ""}

	case is(errMalformed):
		return failure{invalid, touchstonev1.ErrorReason_ERROR_REASON_MESSAGE_MALFORMED, "", ""}
	case is(errPageToken):
		return failure{invalid, touchstonev1.ErrorReason_ERROR_REASON_PAGE_TOKEN_INVALID, "", "page_token"}
	case is(errFingerprint):
		return failure{invalid, touchstonev1.ErrorReason_ERROR_REASON_FINGERPRINT_INVALID, "", ""}
	case is(listing.ErrRules):
		return failure{invalid, touchstonev1.ErrorReason_ERROR_REASON_RULES_INVALID, "", ""}
	case is(listing.ErrDisagree):
		return failure{invalid, touchstonev1.ErrorReason_ERROR_REASON_GRANT_DISAGREES, "", ""}
	case is(errRequest), is(match.ErrInvalid), is(index.ErrInvalid), is(index.ErrQuery), is(listing.ErrInvalid), is(book.ErrRevision):
		return failure{invalid, touchstonev1.ErrorReason_ERROR_REASON_FIELD_INVALID, "", ""}

	case is(index.ErrNotFound):
		return failure{codes.NotFound, touchstonev1.ErrorReason_ERROR_REASON_PHOTO_NOT_FOUND, "", ""}
	case is(index.ErrUnknownBrand):
		return failure{codes.NotFound, touchstonev1.ErrorReason_ERROR_REASON_BRAND_UNKNOWN, "", "brands"}
	case is(index.ErrUnknownProduct):
		return failure{codes.NotFound, touchstonev1.ErrorReason_ERROR_REASON_PRODUCT_UNKNOWN, "", "products"}
	case is(index.ErrRecipe):
		return failure{codes.FailedPrecondition, touchstonev1.ErrorReason_ERROR_REASON_RECIPE_MISMATCH, "", ""}
	case is(index.ErrConflict):
		return failure{codes.Aborted, touchstonev1.ErrorReason_ERROR_REASON_PHOTO_CHANGED, "", ""}

	case is(book.ErrNotFound):
		return failure{codes.NotFound, touchstonev1.ErrorReason_ERROR_REASON_LISTING_NOT_FOUND, "", ""}
	case is(book.ErrGrantNotFound):
		return failure{codes.NotFound, touchstonev1.ErrorReason_ERROR_REASON_GRANT_NOT_FOUND, "", ""}
	case is(book.ErrRulesChanged):
		return failure{codes.Aborted, touchstonev1.ErrorReason_ERROR_REASON_RULES_CHANGED, "", ""}

	case is(index.ErrFull):
		return failure{codes.ResourceExhausted, touchstonev1.ErrorReason_ERROR_REASON_STORAGE_FULL, "the catalogue has no room for more; reading and deleting go on", ""}
	case is(index.ErrReadOnly):
		return failure{
			codes.FailedPrecondition, touchstonev1.ErrorReason_ERROR_REASON_STORAGE_READ_ONLY,
			"the catalogue takes no changes; whether this one is stored is not known, and repeating it later is safe", "",
		}
	case is(index.ErrCorrupt):
		return failure{codes.DataLoss, touchstonev1.ErrorReason_ERROR_REASON_STORAGE_CORRUPT, "the catalogue is damaged", ""}
	case is(errTooLong):
		return failure{codes.ResourceExhausted, touchstonev1.ErrorReason_ERROR_REASON_ANSWER_TOO_LARGE, "", ""}
	case is(errOverloaded):
		return failure{codes.Unavailable, touchstonev1.ErrorReason_ERROR_REASON_OVERLOADED, "", ""}
	case is(errStopping), is(index.ErrClosed):
		return failure{codes.Unavailable, touchstonev1.ErrorReason_ERROR_REASON_STOPPING, "the server is stopping", ""}
	}
	return failure{codes.Internal, touchstonev1.ErrorReason_ERROR_REASON_INTERNAL, "internal error; the server's log has more under the request id", ""}
}

// toStatus is what a caller is told of an error, and whether the log has to have what they are not told. Statuses that
// come from gRPC itself, such as of a method that is not there, stay as they are.
func toStatus(err error, requestID string) (s *status.Status, hidden bool) {
	if own := (interface{ GRPCStatus() *status.Status })(nil); errors.As(err, &own) {
		return own.GRPCStatus(), false
	}
	f := fail(err)
	field, text := describe(err)
	if f.field != "" {
		field = f.field
	}
	if f.hidden() {
		text = f.text
	}
	if len(text) > maxMessage {
		text = text[:maxMessage] + "..."
	}
	text = strings.ToValidUTF8(text, "\uFFFD")
	message := text
	details := []protoadapt.MessageV1{&errdetails.ErrorInfo{Reason: reasonText(f.reason), Domain: domain}}
	if field != "" && !f.hidden() {
		message = field + ": " + text
		details = append(details, &errdetails.BadRequest{
			FieldViolations: []*errdetails.BadRequest_FieldViolation{{Field: field, Description: text, Reason: reasonText(f.reason)}},
		})
	}
	switch f.code {
	case codes.Internal, codes.DataLoss:
		details = append(details, &errdetails.RequestInfo{RequestId: requestID})
	case codes.Unavailable:
		details = append(details, &errdetails.RetryInfo{RetryDelay: durationpb.New(comeBack)})
	}
	s, detailErr := status.New(f.code, message).WithDetails(details...)
	if detailErr != nil { // a detail that can't be marshalled, and so one of ours that is no message
		return status.New(codes.Internal, detailErr.Error()), f.hidden()
	}
	return s, f.hidden()
}

// reasonText is a reason as ErrorInfo has it.
func reasonText(r touchstonev1.ErrorReason) string {
	return strings.TrimPrefix(r.String(), "ERROR_REASON_")
}

// located is an error about a field of a request.
type located struct {
	field string // the path from the message on
	err   error
}

func (l *located) Error() string { return l.field + ": " + l.err.Error() }

func (l *located) Unwrap() error { return l.err }

// at locates an error below a field; nil stays nil.
func at(field string, err error) error {
	if err == nil {
		return nil
	}
	return &located{field, err}
}

// describe returns the path of the field that an error is about, "" where there is none, and what is wrong with it.
func describe(err error) (field, text string) {
	var path []string
	text = err.Error()
	for l := (*located)(nil); errors.As(err, &l); {
		path = append(path, l.field)
		err = l.err
		text = err.Error()
	}
	if f := (*index.FieldError)(nil); errors.As(err, &f) {
		if f.Field != "" {
			path = append(path, f.Field)
		}
		text = f.Want
	}
	return strings.Join(path, "."), text
}

// errRequest is returned when a request breaks a rule that is the server's alone.
var errRequest = errors.New("invalid request")

// errStopping ends streams when the server stops.
var errStopping = errors.New("the server is stopping")

// errTooLong is returned when an answer is longer than is sent.
var errTooLong = errors.New("the answer is too long")

// refuse returns a rule of the server's that a field broke.
func refuse(field, format string, args ...any) error {
	return &index.FieldError{Field: field, Want: fmt.Sprintf(format, args...), Err: errRequest}
}
