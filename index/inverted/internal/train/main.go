// Command train makes the vocabulary of index/inverted out of photos: "make vocabulary". The same photos and the same
// features give the same vocabulary. Whoever changes a bit of a descriptor trains it anew.
package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"hash/crc32"
	"os"
	"strings"

	"touchstone/fingerprint/feature"
)

func main() {
	photos := flag.String("photos", "", "folder of photos")
	folders := flag.String("folders", "", "which folders in it, separated by commas; all where none is named")
	out := flag.String("o", "vocabulary.bin", "file to write")
	flag.Parse()
	if err := run(*photos, *folders, *out); err != nil {
		fmt.Fprintln(os.Stderr, "train:", err)
		os.Exit(1)
	}
}

func run(photos, folders, out string) error {
	if photos == "" {
		return errors.New("-photos names no folder")
	}
	all, n, err := descriptors(photos, strings.Split(folders, ","))
	if err != nil {
		return err
	}
	fmt.Printf("%d descriptors of %d photos, and their mirror images\n", len(all)/2, n)
	return os.WriteFile(out, encode(learn(all)), 0o644)
}

// encode lays a vocabulary out as vocabulary.go of index/inverted describes it.
func encode(v vocabulary) []byte {
	var body bytes.Buffer
	descriptor := func(d feature.Descriptor) {
		for _, w := range d {
			body.Write(binary.BigEndian.AppendUint64(nil, w))
		}
	}
	for _, d := range v.first {
		descriptor(d)
	}
	for _, centres := range v.second {
		for _, d := range centres {
			descriptor(d)
		}
	}
	for _, b := range v.bits {
		body.Write(b)
	}
	head := append([]byte("TSVC"), 0, 1)
	head = binary.BigEndian.AppendUint16(head, uint16(feature.Current))
	head = binary.BigEndian.AppendUint32(head, crc32.Checksum(body.Bytes(), crc32.MakeTable(crc32.Castagnoli)))
	return append(head, body.Bytes()...)
}
