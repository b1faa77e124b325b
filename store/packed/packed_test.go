package packed_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"touchstone/store/packed"
)

// What was written is read, whatever it is.
func TestThereAndBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type fields struct {
			Byte   byte
			Text   string
			List   []string
			Number uint64
			Fixed  uint64
			Float  float64
			Raw    []byte
		}
		want := fields{
			rapid.Byte().Draw(t, "byte"), rapid.String().Draw(t, "text"), rapid.SliceOf(rapid.String()).Draw(t, "list"),
			rapid.Uint64().Draw(t, "number"), rapid.Uint64().Draw(t, "fixed"), rapid.Float64().Draw(t, "float"),
			rapid.SliceOfN(rapid.Byte(), 3, 3).Draw(t, "raw"),
		}
		if len(want.List) == 0 {
			want.List = nil
		}
		var w packed.Writer
		w.Byte(want.Byte)
		w.String(want.Text)
		w.Strings(want.List)
		w.Number(want.Number)
		w.Fixed(want.Fixed)
		w.Float(want.Float)
		w.Raw(want.Raw)
		r := packed.NewReader(w.Bytes)
		got := fields{r.Byte(), r.String(), r.Strings(len(want.List)), r.Number(want.Number), r.Fixed(), r.Float(), r.Raw(3)}
		if err := r.End(); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Fatalf("(-written +read):\n%s", d)
		}
		// Cut short or longer, it is none.
		cut := packed.NewReader(w.Bytes[:rapid.IntRange(0, len(w.Bytes)-1).Draw(t, "cut")])
		cut.Byte()
		_ = cut.String()
		cut.Strings(len(want.List))
		cut.Number(want.Number)
		cut.Fixed()
		cut.Float()
		cut.Raw(3)
		if err := cut.End(); !errors.Is(err, packed.ErrValue) {
			t.Fatalf("cut short: %v", err)
		}
		long := packed.NewReader(append(w.Bytes, 0))
		long.Raw(len(w.Bytes))
		if err := long.End(); !errors.Is(err, packed.ErrValue) {
			t.Fatalf("longer: %v", err)
		}
	})
}

func TestRefused(t *testing.T) {
	for name, test := range map[string]struct {
		value []byte
		read  func(*packed.Reader)
	}{
		"number that could be shorter": {[]byte{0x80, 0}, func(r *packed.Reader) { r.Number(1000) }},
		"number too large":             {[]byte{200, 1}, func(r *packed.Reader) { r.Number(100) }},
		"string longer than the value": {[]byte{5, 'a'}, func(r *packed.Reader) { _ = r.String() }},
		"more strings than bytes":      {[]byte{9, 0}, func(r *packed.Reader) { r.Strings(10) }},
		"more strings than allowed":    {[]byte{3, 0, 0, 0}, func(r *packed.Reader) { r.Strings(2) }},
		"float that is no number":      {[]byte{0x7f, 0xf8, 0, 0, 0, 0, 0, 1}, func(r *packed.Reader) { r.Float() }},
		"what the caller refuses":      {nil, func(r *packed.Reader) { r.Fail("no") }},
	} {
		r := packed.NewReader(test.value)
		test.read(r)
		if err := r.End(); !errors.Is(err, packed.ErrValue) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzReader(f *testing.F) {
	f.Add([]byte{3, 1, 'a', 2, 1, 'b', 0})
	f.Fuzz(func(t *testing.T, value []byte) {
		r := packed.NewReader(value)
		var w packed.Writer
		for r.Err() == nil {
			s, list, n := r.String(), r.Strings(100), r.Number(1<<62)
			if r.Err() != nil {
				break
			}
			w.String(s)
			w.Strings(list)
			w.Number(n)
		}
		if n := len(w.Bytes); string(w.Bytes) != string(value[:n]) {
			t.Errorf("read % x, written again as % x", value[:n], w.Bytes)
		}
	})
}
