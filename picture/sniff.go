package picture

import (
	"bytes"
	"fmt"
	"strings"
)

// A signature is what bytes of a kind start with; '?' stands for any byte.
type signature struct {
	format Format // 0 for what is recognised only to be named
	name   string
	start  string
}

var signatures = [...]signature{
	{JPEG, "", "\xff\xd8\xff"},
	{PNG, "", "\x89PNG\r\n\x1a\n"},
	{GIF, "", "GIF87a"},
	{GIF, "", "GIF89a"},
	{WebP, "", "RIFF????WEBP"},
	{BMP, "", "BM????\x00\x00\x00\x00"},
	{TIFF, "", "II*\x00"},
	{TIFF, "", "MM\x00*"},

	{0, "jpeg xl", "\xff\x0a"},
	{0, "jpeg xl", "\x00\x00\x00\x0cJXL \r\n"},
	{0, "jpeg 2000", "\x00\x00\x00\x0cjP  \r\n"},
	{0, "jpeg 2000", "\xff\x4f\xff\x51"},
	{0, "bigtiff", "II+\x00"},
	{0, "bigtiff", "MM\x00+"},
	{0, "psd", "8BPS"},
	{0, "ico", "\x00\x00\x01\x00"},
	{0, "pdf", "%PDF-"},
	{0, "postscript", "%!PS"},
	{0, "zip", "PK\x03\x04"},
	{0, "zip", "PK\x05\x06"},
	{0, "gzip", "\x1f\x8b"},
	{0, "rar", "Rar!\x1a\x07"},
	{0, "7z", "7z\xbc\xaf\x27\x1c"},
	{0, "elf executable", "\x7fELF"},
	{0, "windows executable", "MZ"},
	{0, "webm or matroska video", "\x1a\x45\xdf\xa3"},
	{0, "riff", "RIFF"},
}

func (s signature) matches(b []byte) bool {
	if len(b) < len(s.start) {
		return false
	}
	for i := range len(s.start) {
		if c := s.start[i]; c != '?' && c != b[i] {
			return false
		}
	}
	return true
}

// sniff recognises bytes by what they start with. Errors: ErrFormat.
func sniff(b []byte) (Format, error) {
	for _, s := range signatures {
		if s.matches(b) {
			if s.format == 0 {
				return 0, fmt.Errorf("%w: looks like %s; %s", ErrFormat, s.name, accepted)
			}
			return s.format, nil
		}
	}
	name := "is of an unknown kind"
	if f, brand := sniffISO(b); f != 0 {
		return f, nil
	} else if brand != "" {
		name = fmt.Sprintf("looks like video or another media file (brand %q)", brand)
	} else if text := sniffText(b); text != "" {
		name = "looks like " + text
	}
	return 0, fmt.Errorf("%w: %s; %s", ErrFormat, name, accepted)
}

// sniffISO recognises the pictures among the files of the ISO base media format, by the brands they claim. For those
// that are not pictures it returns the major brand.
func sniffISO(b []byte) (f Format, major string) {
	if len(b) < 16 || string(b[4:8]) != "ftyp" {
		return 0, ""
	}
	size := min(be32(b), len(b), 256)
	for i := 8; i+4 <= size; i += 4 {
		if i == 12 {
			continue // the minor version
		}
		switch string(b[i : i+4]) {
		case "avif", "avis":
			return AVIF, ""
		case "heic", "heix", "heim", "heis", "hevc", "hevx":
			return HEIC, ""
		}
	}
	return 0, string(b[8:12])
}

// sniffText names the kinds of text that get mistaken for pictures.
func sniffText(b []byte) string {
	b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
	start := strings.ToLower(string(bytes.TrimLeft(b[:min(len(b), 1024)], " \t\r\n")))
	switch {
	case strings.HasPrefix(start, "<svg"), strings.HasPrefix(start, "<?xml") && strings.Contains(start, "<svg"),
		strings.HasPrefix(start, "<!doctype svg"), strings.HasPrefix(start, "<!--") && strings.Contains(start, "<svg"):
		return "svg"
	case strings.HasPrefix(start, "<!doctype html"), strings.HasPrefix(start, "<html"), strings.HasPrefix(start, "<head"),
		strings.HasPrefix(start, "<body"), strings.HasPrefix(start, "<!--") && strings.Contains(start, "<html"):
		return "html"
	case strings.HasPrefix(start, "<?xml"):
		return "xml"
	case strings.HasPrefix(start, "{"), strings.HasPrefix(start, "["):
		return "json"
	}
	return ""
}
