package server_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/draw"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	touchstonev1 "touchstone/proto/touchstone/v1"
	"touchstone/server"
)

// badImages are what no door takes, and why.
func badImages(t *testing.T) map[string]struct {
	image  []byte
	reason string
} {
	jpeg := photo(t, 1)
	type bad = struct {
		image  []byte
		reason string
	}
	return map[string]bad{
		"no bytes":        {nil, "IMAGE_EMPTY"},
		"noise":           {bytes.Repeat([]byte{1, 2, 3, 0xfe}, 100), "IMAGE_FORMAT_UNKNOWN"},
		"HTML":            {[]byte("<!DOCTYPE html><html><body><img src=x></body></html>"), "IMAGE_FORMAT_UNKNOWN"},
		"SVG":             {[]byte(`<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>`), "IMAGE_FORMAT_UNKNOWN"},
		"PDF":             {[]byte("%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\n%%EOF\n"), "IMAGE_FORMAT_UNKNOWN"},
		"ZIP":             {append([]byte("PK\x03\x04\x14\x00\x00\x00\x08\x00"), make([]byte, 100)...), "IMAGE_FORMAT_UNKNOWN"},
		"PNG bomb":        {bombPNG(30000, 30000), "IMAGE_TOO_LARGE"},
		"one pixel":       {asPNG(t, image.NewRGBA(image.Rect(0, 0, 1, 1))), "IMAGE_TOO_SMALL"},
		"half a JPEG":     {jpeg[:len(jpeg)/2], "IMAGE_TRUNCATED"},
		"more than 20MiB": {append(bytes.Clone(jpeg), make([]byte, 20<<20)...), "IMAGE_TOO_LARGE"},
	}
}

// bombPNG is a header that promises a picture, and nothing else.
func bombPNG(width, height uint32) []byte {
	var b bytes.Buffer
	b.WriteString("\x89PNG\r\n\x1a\n")
	chunk := func(kind string, data []byte) {
		body := append([]byte(kind), data...)
		b.Write(binary.BigEndian.AppendUint32(nil, uint32(len(data))))
		b.Write(body)
		b.Write(binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(body)))
	}
	header := binary.BigEndian.AppendUint32(nil, width)
	header = binary.BigEndian.AppendUint32(header, height)
	chunk("IHDR", append(header, 8, 6, 0, 0, 0))
	chunk("IDAT", []byte{0x78, 0x9c, 0x63, 0x00, 0x00, 0x00, 0x01, 0x00, 0x01})
	chunk("IEND", nil)
	return b.Bytes()
}

func white(t *testing.T) []byte {
	m := image.NewGray(image.Rect(0, 0, 100, 100))
	draw.Draw(m, m.Rect, image.NewUniform(color.White), image.Point{}, draw.Src)
	return asPNG(t, m)
}

func TestImagesRefused(t *testing.T) {
	r := serve(t, server.Options{})
	good := image1(2, t)
	for name, bad := range badImages(t) {
		for door, call := range map[string]struct {
			field string
			call  func() error
		}{
			"AddPhoto": {"image", func() error {
				_, err := r.AddPhoto(t.Context(), &touchstonev1.AddPhotoRequest{Photo: &touchstonev1.Photo{Brand: "Acme", PhotoId: "1"}, Image: bad.image})
				return err
			}},
			"Match": {"subject.image", func() error {
				_, err := r.Match(t.Context(), &touchstonev1.MatchRequest{Subject: ofImage(bad.image)})
				return err
			}},
			"Compare": {"b.image", func() error {
				_, err := r.Compare(t.Context(), &touchstonev1.CompareRequest{A: good, B: ofImage(bad.image)})
				return err
			}},
			"Overlay": {"b", func() error {
				_, err := r.Overlay(t.Context(), &touchstonev1.OverlayRequest{A: good.GetImage(), B: bad.image})
				return err
			}},
			"Fingerprint": {"image", func() error {
				_, err := r.Fingerprint(t.Context(), &touchstonev1.FingerprintRequest{Image: bad.image})
				return err
			}},
		} {
			t.Run(name+"/"+door, func(t *testing.T) {
				want := told{codes.InvalidArgument, bad.reason, call.field}
				if d := cmp.Diff(want, toldBy(t, call.call())); d != "" {
					t.Errorf("(-want +got):\n%s", d)
				}
			})
		}
	}
	if page, err := r.ListPhotos(t.Context(), &touchstonev1.ListPhotosRequest{}); err != nil || len(page.GetPhotos()) != 0 {
		t.Errorf("after all that, ListPhotos = %v, %v, want no photo", page, err)
	}
}

func TestRefused(t *testing.T) {
	r := serve(t, server.Options{})
	p := r.add(t, "Acme", "1", 1)
	page, err := r.ListBrands(t.Context(), &touchstonev1.ListBrandsRequest{})
	if err != nil || len(page.GetBrands()) != 1 {
		t.Fatalf("ListBrands = %v, %v", page, err)
	}
	r.add(t, "Acme", "2", 2)
	two, err := r.ListPhotos(t.Context(), &touchstonev1.ListPhotosRequest{PageSize: 1})
	if err != nil || two.GetNextPageToken() == "" {
		t.Fatalf("ListPhotos = %v, %v, want a token", two, err)
	}
	token := two.GetNextPageToken()
	long := strings.Repeat("x", 10_000)
	jpeg := photo(t, 3)

	add := func(p *touchstonev1.Photo) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := r.AddPhoto(ctx, &touchstonev1.AddPhotoRequest{Photo: p, Image: jpeg})
			return err
		}
	}
	get := func(q *touchstonev1.GetPhotoRequest) func(context.Context) error {
		return func(ctx context.Context) error { _, err := r.GetPhoto(ctx, q); return err }
	}
	list := func(q *touchstonev1.ListPhotosRequest) func(context.Context) error {
		return func(ctx context.Context) error { _, err := r.ListPhotos(ctx, q); return err }
	}
	brands := func(q *touchstonev1.ListBrandsRequest) func(context.Context) error {
		return func(ctx context.Context) error { _, err := r.ListBrands(ctx, q); return err }
	}
	update := func(q *touchstonev1.UpdatePhotoRequest) func(context.Context) error {
		return func(ctx context.Context) error { _, err := r.UpdatePhoto(ctx, q); return err }
	}
	find := func(q *touchstonev1.MatchRequest) func(context.Context) error {
		if q.Subject == nil {
			q.Subject = ofImage(jpeg)
		}
		return func(ctx context.Context) error { _, err := r.Match(ctx, q); return err }
	}
	// spoilt is a fingerprint with one thing wrong.
	spoilt := func(spoil func(*touchstonev1.Fingerprint)) func(context.Context) error {
		f := proto.CloneOf(p.GetFingerprint())
		spoil(f)
		return find(&touchstonev1.MatchRequest{Subject: ofPrint(f)})
	}
	described, err := r.Fingerprint(t.Context(), &touchstonev1.FingerprintRequest{Image: jpeg})
	if err != nil {
		t.Fatal(err)
	}
	// featured is a fingerprint whose features have one thing wrong.
	featured := func(spoil func([]byte) []byte) func(context.Context) error {
		f := proto.CloneOf(described.GetDescription().GetFingerprint())
		f.Features = spoil(f.Features)
		return find(&touchstonev1.MatchRequest{Subject: ofPrint(f)})
	}
	settle := func(q *touchstonev1.UpdateBrandRequest) func(context.Context) error {
		return func(ctx context.Context) error { _, err := r.UpdateBrand(ctx, q); return err }
	}
	const invalid = codes.InvalidArgument
	for _, tc := range []struct {
		name string
		call func(context.Context) error
		want told
	}{
		{"flat white, to add", func(ctx context.Context) error {
			_, err := r.AddPhoto(ctx, &touchstonev1.AddPhotoRequest{Photo: &touchstonev1.Photo{Brand: "Acme", PhotoId: "w"}, Image: white(t)})
			return err
		}, told{invalid, "IMAGE_TOO_PLAIN", "image"}},
		{"flat white, to compare", func(ctx context.Context) error {
			_, err := r.Compare(ctx, &touchstonev1.CompareRequest{A: ofImage(white(t)), B: ofImage(jpeg)})
			return err
		}, told{invalid, "IMAGE_TOO_PLAIN", "a.image"}},
		{"flat white, to describe", func(ctx context.Context) error {
			_, err := r.Fingerprint(ctx, &touchstonev1.FingerprintRequest{Image: white(t)})
			return err
		}, told{invalid, "IMAGE_TOO_PLAIN", "image"}},

		{"no photo", add(nil), told{invalid, "FIELD_INVALID", "photo"}},
		{"no brand", add(&touchstonev1.Photo{PhotoId: "1"}), told{invalid, "FIELD_INVALID", "photo.brand"}},
		{"no ID", add(&touchstonev1.Photo{Brand: "Acme"}), told{invalid, "FIELD_INVALID", "photo.photo_id"}},
		{"long ID", add(&touchstonev1.Photo{Brand: "Acme", PhotoId: long}), told{invalid, "FIELD_INVALID", "photo.photo_id"}},
		{"control character", add(&touchstonev1.Photo{Brand: "Ac\x1bme", PhotoId: "1"}), told{invalid, "FIELD_INVALID", "photo.brand"}},
		{"not in normal form", add(&touchstonev1.Photo{Brand: "Acme", PhotoId: "e\u0301"}), told{invalid, "FIELD_INVALID", "photo.photo_id"}},
		{"long product", add(&touchstonev1.Photo{Brand: "Acme", PhotoId: "1", Product: long}), told{invalid, "FIELD_INVALID", "photo.product"}},
		{"long URI", add(&touchstonev1.Photo{Brand: "Acme", PhotoId: "1", SourceUri: long}), told{invalid, "FIELD_INVALID", "photo.source_uri"}},
		{"currency", add(&touchstonev1.Photo{Brand: "Acme", PhotoId: "1", ListPrice: &touchstonev1.Money{CurrencyCode: "usd"}}), told{invalid, "FIELD_INVALID", "photo.list_price.currency_code"}},
		{"debt", add(&touchstonev1.Photo{Brand: "Acme", PhotoId: "1", ListPrice: &touchstonev1.Money{CurrencyCode: "USD", Units: -1}}), told{invalid, "FIELD_INVALID", "photo.list_price.units"}},

		{"photo that is not there", get(&touchstonev1.GetPhotoRequest{Brand: "Acme", PhotoId: "x"}), told{codes.NotFound, "PHOTO_NOT_FOUND", "photo_id"}},
		{"photo without a name", get(&touchstonev1.GetPhotoRequest{}), told{invalid, "FIELD_INVALID", "brand"}},
		{"revision 0", get(&touchstonev1.GetPhotoRequest{Brand: "Acme", PhotoId: "1", AsOfRevision: proto.Uint64(0)}), told{invalid, "FIELD_INVALID", "as_of_revision"}},
		{"revision to come", get(&touchstonev1.GetPhotoRequest{Brand: "Acme", PhotoId: "1", AsOfRevision: proto.Uint64(1 << 60)}), told{invalid, "FIELD_INVALID", "as_of_revision"}},
		{"before it was there", get(&touchstonev1.GetPhotoRequest{Brand: "Acme", PhotoId: "2", AsOfRevision: proto.Uint64(1)}), told{codes.NotFound, "PHOTO_NOT_FOUND", "photo_id"}},
		{"delete what is not there", func(ctx context.Context) error {
			_, err := r.DeletePhoto(ctx, &touchstonev1.DeletePhotoRequest{Brand: "Acme", PhotoId: "x"})
			return err
		}, told{codes.NotFound, "PHOTO_NOT_FOUND", "photo_id"}},

		{"negative page size", list(&touchstonev1.ListPhotosRequest{PageSize: -1}), told{invalid, "FIELD_INVALID", "page_size"}},
		{"token of another filter", list(&touchstonev1.ListPhotosRequest{PageToken: token, Brands: []string{"Acme"}}), told{invalid, "PAGE_TOKEN_INVALID", "page_token"}},
		{"token of another list", brands(&touchstonev1.ListBrandsRequest{PageToken: token}), told{invalid, "PAGE_TOKEN_INVALID", "page_token"}},
		{"broken token", list(&touchstonev1.ListPhotosRequest{PageToken: token[:8]}), told{invalid, "PAGE_TOKEN_INVALID", "page_token"}},
		{"garbage for a token", list(&touchstonev1.ListPhotosRequest{PageToken: "page 2, please"}), told{invalid, "PAGE_TOKEN_INVALID", "page_token"}},
		{"long token", list(&touchstonev1.ListPhotosRequest{PageToken: long}), told{invalid, "PAGE_TOKEN_INVALID", "page_token"}},
		{"empty brand in a filter", list(&touchstonev1.ListPhotosRequest{Brands: []string{"Acme", ""}}), told{invalid, "FIELD_INVALID", "brands[1]"}},
		{"long product in a filter", list(&touchstonev1.ListPhotosRequest{Products: []string{long}}), told{invalid, "FIELD_INVALID", "products[0]"}},
		{"too many brands in a filter", list(&touchstonev1.ListPhotosRequest{Brands: make([]string, 1001)}), told{invalid, "FIELD_INVALID", "brands"}},
		{"negative page size of brands", brands(&touchstonev1.ListBrandsRequest{PageSize: -1}), told{invalid, "FIELD_INVALID", "page_size"}},

		{"update of nothing", update(&touchstonev1.UpdatePhotoRequest{}), told{invalid, "FIELD_INVALID", "photo"}},
		{"update of what is not there", update(&touchstonev1.UpdatePhotoRequest{Photo: &touchstonev1.Photo{Brand: "Acme", PhotoId: "x", Product: "y"}}), told{codes.NotFound, "PHOTO_NOT_FOUND", "photo.photo_id"}},
		{"update to a long product", update(&touchstonev1.UpdatePhotoRequest{Photo: &touchstonev1.Photo{Brand: "Acme", PhotoId: "1", Product: long}}), told{invalid, "FIELD_INVALID", "photo.product"}},
		{"update of another revision", update(&touchstonev1.UpdatePhotoRequest{Photo: &touchstonev1.Photo{Brand: "Acme", PhotoId: "1", Product: "y"}, ExpectedRevision: proto.Uint64(99)}), told{codes.Aborted, "PHOTO_CHANGED", "expected_revision"}},
		{"update of what the server sets", update(&touchstonev1.UpdatePhotoRequest{Photo: &touchstonev1.Photo{Brand: "Acme", PhotoId: "1"}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"product", "revision"}}}), told{invalid, "FIELD_INVALID", "update_mask.paths[1]"}},
		{"update of all and more", update(&touchstonev1.UpdatePhotoRequest{Photo: &touchstonev1.Photo{Brand: "Acme", PhotoId: "1"}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"*", "product"}}}), told{invalid, "FIELD_INVALID", "update_mask.paths[0]"}},

		{"no subject", find(&touchstonev1.MatchRequest{Subject: &touchstonev1.Subject{}}), told{invalid, "FIELD_INVALID", "subject"}},
		{"negative limit", find(&touchstonev1.MatchRequest{Limit: -1}), told{invalid, "FIELD_INVALID", "limit"}},
		{"limit beyond the most", find(&touchstonev1.MatchRequest{Limit: 1001}), told{invalid, "FIELD_INVALID", "limit"}},
		{"negative radius", find(&touchstonev1.MatchRequest{RadiusBits: proto.Int32(-1)}), told{invalid, "FIELD_INVALID", "radius_bits"}},
		{"radius beyond the bits", find(&touchstonev1.MatchRequest{RadiusBits: proto.Int32(257)}), told{invalid, "FIELD_INVALID", "radius_bits"}},
		{"radius beyond the other bits", find(&touchstonev1.MatchRequest{Radius64Bits: proto.Int32(65)}), told{invalid, "FIELD_INVALID", "radius64_bits"}},
		{"unknown brand", find(&touchstonev1.MatchRequest{Brands: []string{"Acmee"}}), told{codes.NotFound, "BRAND_UNKNOWN", "brands"}},
		{"unknown product", find(&touchstonev1.MatchRequest{Products: []string{"bagg"}}), told{codes.NotFound, "PRODUCT_UNKNOWN", "products"}},
		{"subject that is not there", find(&touchstonev1.MatchRequest{Subject: ofPhoto("Acme", "x")}), told{codes.NotFound, "PHOTO_NOT_FOUND", "subject.photo"}},
		{"subject without a name", find(&touchstonev1.MatchRequest{Subject: ofPhoto("Acme", "")}), told{invalid, "FIELD_INVALID", "subject.photo.photo_id"}},
		{"side that is not there", func(ctx context.Context) error {
			_, err := r.Compare(ctx, &touchstonev1.CompareRequest{A: ofImage(jpeg)})
			return err
		}, told{invalid, "FIELD_INVALID", "b"}},

		{"no fingerprint", find(&touchstonev1.MatchRequest{Subject: &touchstonev1.Subject{Subject: &touchstonev1.Subject_Fingerprint{}}}), told{invalid, "FINGERPRINT_INVALID", "subject.fingerprint.recipe"}},
		{"fingerprint of no recipe", spoilt(func(f *touchstonev1.Fingerprint) { f.Recipe = 0 }), told{invalid, "FINGERPRINT_INVALID", "subject.fingerprint.recipe"}},
		{"fingerprint of another recipe", spoilt(func(f *touchstonev1.Fingerprint) { f.Recipe++ }), told{codes.FailedPrecondition, "RECIPE_MISMATCH", "subject.fingerprint.recipe"}},
		{"fingerprint of a recipe that none can be", spoilt(func(f *touchstonev1.Fingerprint) { f.Recipe = 1 << 20 }), told{codes.FailedPrecondition, "RECIPE_MISMATCH", "subject.fingerprint.recipe"}},
		{"short hash", spoilt(func(f *touchstonev1.Fingerprint) { f.Whole.Hash64 = f.Whole.Hash64[1:] }), told{invalid, "FINGERPRINT_INVALID", "subject.fingerprint.whole.hash64"}},
		{"PDQ in text", spoilt(func(f *touchstonev1.Fingerprint) { f.Whole.Pdq = bytes.Repeat([]byte("a"), 64) }), told{invalid, "FINGERPRINT_INVALID", "subject.fingerprint.whole.pdq"}},
		{"no colours", spoilt(func(f *touchstonev1.Fingerprint) { f.Content.Colour = nil }), told{invalid, "FINGERPRINT_INVALID", "subject.fingerprint.content.colour"}},
		{"no whole", spoilt(func(f *touchstonev1.Fingerprint) { f.Whole = nil }), told{invalid, "FINGERPRINT_INVALID", "subject.fingerprint.whole"}},
		{"content without its box", spoilt(func(f *touchstonev1.Fingerprint) { f.ContentBox = nil }), told{invalid, "FINGERPRINT_INVALID", "subject.fingerprint.content_box"}},
		{"empty box", spoilt(func(f *touchstonev1.Fingerprint) { f.ContentBox.Right = f.ContentBox.Left }), told{invalid, "FINGERPRINT_INVALID", "subject.fingerprint.content_box"}},
		{"box beyond the picture", spoilt(func(f *touchstonev1.Fingerprint) { f.ContentBox.Bottom = 65536 }), told{invalid, "FINGERPRINT_INVALID", "subject.fingerprint.content_box.bottom"}},
		{"features broken off", featured(func(b []byte) []byte { return b[:len(b)-1] }), told{invalid, "FINGERPRINT_INVALID", "subject.fingerprint.features"}},
		{"features of no recipe", featured(func(b []byte) []byte { b[0], b[1] = 0, 0; return b }), told{invalid, "FINGERPRINT_INVALID", "subject.fingerprint.features"}},
		{"features of another recipe", featured(func(b []byte) []byte { b[0]++; return b }), told{codes.FailedPrecondition, "RECIPE_MISMATCH", "subject.fingerprint.features"}},
		{"features without end", featured(func([]byte) []byte { return make([]byte, 1<<20) }), told{invalid, "FINGERPRINT_INVALID", "subject.fingerprint.features"}},
		{"features of another recipe, to compare", func(ctx context.Context) error {
			f := proto.CloneOf(described.GetDescription().GetFingerprint())
			f.Features[0]++
			_, err := r.Compare(ctx, &touchstonev1.CompareRequest{A: ofPrint(f), B: ofImage(jpeg)})
			return err
		}, told{codes.FailedPrecondition, "RECIPE_MISMATCH", "a.fingerprint.features"}},

		{"unknown depth", find(&touchstonev1.MatchRequest{Depth: 77}), told{invalid, "FIELD_INVALID", "depth"}},
		{"parts within a radius", find(&touchstonev1.MatchRequest{Depth: touchstonev1.Depth_DEPTH_PARTS, RadiusBits: proto.Int32(9)}), told{invalid, "FIELD_INVALID", "depth"}},
		{"no false match at all", find(&touchstonev1.MatchRequest{MaxFalseMatchesPerMillion: proto.Float64(0)}), told{invalid, "FIELD_INVALID", "max_false_matches_per_million"}},
		{"less than none", find(&touchstonev1.MatchRequest{MaxFalseMatchesPerMillion: proto.Float64(-1)}), told{invalid, "FIELD_INVALID", "max_false_matches_per_million"}},
		{"more than a million", find(&touchstonev1.MatchRequest{MaxFalseMatchesPerMillion: proto.Float64(1e6 + 1)}), told{invalid, "FIELD_INVALID", "max_false_matches_per_million"}},
		{"not a number", find(&touchstonev1.MatchRequest{MaxFalseMatchesPerMillion: proto.Float64(math.NaN())}), told{invalid, "FIELD_INVALID", "max_false_matches_per_million"}},
		{"flat white, to draw", func(ctx context.Context) error {
			_, err := r.Overlay(ctx, &touchstonev1.OverlayRequest{A: white(t), B: jpeg})
			return err
		}, told{invalid, "IMAGE_TOO_PLAIN", "a"}},

		{"brand without a name", settle(&touchstonev1.UpdateBrandRequest{Partial: proto.Bool(true)}), told{invalid, "FIELD_INVALID", "brand"}},
		{"brand of control characters", settle(&touchstonev1.UpdateBrandRequest{Brand: "Ac\x1bme"}), told{invalid, "FIELD_INVALID", "brand"}},
		{"brand without a name, to get", func(ctx context.Context) error {
			_, err := r.GetBrand(ctx, &touchstonev1.GetBrandRequest{})
			return err
		}, told{invalid, "FIELD_INVALID", "brand"}},
		{"quality", spoilt(func(f *touchstonev1.Fingerprint) { f.Quality = 101 }), told{invalid, "FINGERPRINT_INVALID", "subject.fingerprint.quality"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := tc.call(t.Context())
			if d := cmp.Diff(tc.want, toldBy(t, err)); d != "" {
				t.Errorf("%v (-want +got):\n%s", err, d)
			}
			if len(err.Error()) > 1200 {
				t.Errorf("a message of %d bytes", len(err.Error()))
			}
		})
	}
}

// raw sends bytes as they are: generated code refuses to encode what is not UTF-8.
type raw struct{}

func (raw) Name() string { return "proto" }

func (raw) Marshal(v any) (mem.BufferSlice, error) {
	return mem.BufferSlice{mem.SliceBuffer(v.([]byte))}, nil
}

func (raw) Unmarshal(data mem.BufferSlice, v any) error {
	*v.(*[]byte) = data.Materialize()
	return nil
}

// text is a field of the wire.
func text(number protowire.Number, s string) []byte {
	return protowire.AppendString(protowire.AppendTag(nil, number, protowire.BytesType), s)
}

func TestMalformed(t *testing.T) {
	r := serve(t, server.Options{})
	label := string(append(text(1, "season"), text(2, "sp\xff")...))
	for _, tc := range []struct {
		name, method string
		request      []byte
		field        string
	}{
		{"text of a request", touchstonev1.CatalogService_GetPhoto_FullMethodName, text(1, "Ac\xffme"), "brand"},
		{"text of a message in it", touchstonev1.CatalogService_AddPhoto_FullMethodName, append(text(2, "image"), text(1, string(text(2, "\xc3\x28")))...), "photo.photo_id"},
		{"text of a label", touchstonev1.CatalogService_AddPhoto_FullMethodName, text(1, string(text(6, label))), "photo.labels"},
		{"text of a list", touchstonev1.MatchService_Match_FullMethodName, append(text(5, "Acme"), text(5, "\xed\xa0\x80")...), "brands"},
		{"broken off", touchstonev1.MatchService_Match_FullMethodName, []byte{0x0a, 0x7f, 0x01}, ""},
		{"no protocol buffer", touchstonev1.MatchService_Compare_FullMethodName, []byte("GET / HTTP/1.1\r\n"), ""},
		{"the health service's", "/grpc.health.v1.Health/Check", text(1, "\xff"), "service"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var answer []byte
			err := r.Conn().Invoke(t.Context(), tc.method, tc.request, &answer, grpc.ForceCodecV2(raw{}))
			if d := cmp.Diff(told{codes.InvalidArgument, "MESSAGE_MALFORMED", tc.field}, toldBy(t, err)); d != "" {
				t.Errorf("%v (-want +got):\n%s", err, d)
			}
		})
	}
}

func TestUnknownMethod(t *testing.T) {
	r := serve(t, server.Options{})
	var answer []byte
	err := r.Conn().Invoke(t.Context(), "/touchstone.v1.MatchService/Guess", []byte{}, &answer, grpc.ForceCodecV2(raw{}))
	if status.Code(err) != codes.Unimplemented {
		t.Errorf("%v, want Unimplemented", err)
	}
}

func TestMessageTooLong(t *testing.T) {
	r := serve(t, server.Options{})
	var answer []byte
	err := r.Conn().Invoke(t.Context(), touchstonev1.MatchService_Fingerprint_FullMethodName, text(1, strings.Repeat("x", 21<<20)), &answer,
		grpc.ForceCodecV2(raw{}), grpc.MaxCallSendMsgSize(1<<30))
	if status.Code(err) != codes.ResourceExhausted {
		t.Errorf("%v, want ResourceExhausted", err)
	}
}
