package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPictures(t *testing.T) {
	folder := t.TempDir()
	for _, name := range []string{
		"b.JPG", "a.png", "shoes/red/1.webp", "shoes/.DS_Store", ".hidden/x.jpg", ".thumb.jpg", "notes.txt", "noending", "z.tiff",
	} {
		path := filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("x"), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll(filepath.Join(folder, "folder.jpg"), 0o777); err != nil {
		t.Fatal(err)
	}
	for link, target := range map[string]string{"link.jpg": "a.png", "lost.jpg": "nowhere", "loop.jpg": "."} {
		if err := os.Symlink(target, filepath.Join(folder, link)); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for f, err := range pictures(folder) {
		if err != nil {
			t.Errorf("%s: %v", f.rel, err)
		}
		if want := filepath.Join(folder, filepath.FromSlash(f.rel)); f.path != want {
			t.Errorf("%s opens %s, want %s", f.rel, f.path, want)
		}
		got = append(got, f.rel)
	}
	want := []string{"a.png", "b.JPG", "link.jpg", "lost.jpg", "shoes/red/1.webp", "z.tiff"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("pictures (-want +got):\n%s", diff)
	}
	for f, err := range pictures(folder) {
		if err != nil || f.rel != "a.png" {
			t.Errorf("got %q, %v, want a.png", f.rel, err)
		}
		break // the iterator must not go on: it would panic
	}
	if _, err := allPictures(filepath.Join(folder, "folder.jpg")); err == nil {
		t.Error("an empty folder: want an error")
	}
	if _, err := allPictures(filepath.Join(folder, "nowhere")); err == nil {
		t.Error("no folder: want an error")
	}
}

func TestReadPicture(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.jpg")
	if err := os.WriteFile(path, []byte("1234"), 0o666); err != nil {
		t.Fatal(err)
	}
	if b, err := readPicture(path, 4); err != nil || string(b) != "1234" {
		t.Errorf("of 4 bytes at most 4: got %q, %v", b, err)
	}
	if _, err := readPicture(path, 3); err == nil {
		t.Error("of 4 bytes at most 3: want an error")
	}
	if _, err := readPicture(filepath.Dir(path), 4); err == nil {
		t.Error("a folder: want an error")
	}
}
