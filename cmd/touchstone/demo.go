package main

import (
	"context"
	"errors"
	"fmt"
	"image"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/grpc/status"

	"touchstone/client"
	"touchstone/index/local"
	"touchstone/listing/book"
	"touchstone/listing/desk"
	"touchstone/match"
	"touchstone/picture"
	touchstonev1 "touchstone/proto/touchstone/v1"
	"touchstone/server"
)

const (
	demoBrand = "Demo"
	demoSide  = 150 // pixels that a photo's shorter side has at least: smaller ones leave nothing to edit
	demoStop  = 5 * time.Second
)

func newDemo(a *app) *cobra.Command {
	var most int
	cmd := &cobra.Command{
		Use:   "demo FOLDER...",
		Short: "Onboard photos, edit copies of them as sellers do, match those, and tell what was found",
		Long: `Do the whole job on photos of yours: start a server with a temporary store, onboard what is in the folders, make edited
copies in a temporary folder, match those, and print what was found. One photo is removed again before, and asked about
as well: nothing should be found for it. Nothing is kept.`,
		Example: "  touchstone demo photos/",
		Args:    cobra.MinimumNArgs(1),
	}
	cmd.Flags().IntVar(&most, "photos", 5, "most photos to make edited copies of")
	return a.verb(cmd, func(ctx context.Context, args []string) error {
		if most < 1 {
			return usagef("--photos: 1 or more, got %d", most)
		}
		ctx, stop := interruptible(ctx)
		defer stop()
		return withServer(ctx, func(folder string, c *client.Client) error {
			d := demo{app: a, client: c, folder: folder, most: most, decoder: picture.NewDecoder(picture.Limits{})}
			return d.run(ctx, args)
		})
	})
}

// withServer runs do with a server of its own, on a free port, and a temporary folder that the store is in.
func withServer(ctx context.Context, do func(folder string, c *client.Client) error) (err error) {
	folder, err := os.MkdirTemp("", "touchstone-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	photos, err := openStore(ctx, filepath.Join(folder, storeName), local.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, photos.Close()) }()
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	listings, err := openBook(ctx, filepath.Join(folder, listingsName), book.Options{})
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	defer func() { err = errors.Join(err, listings.Close()) }()
	matcher := match.New(photos, picture.NewDecoder(picture.Limits{}), match.Config{})
	srv := server.New(photos, matcher, desk.New(photos, matcher, listings, desk.Options{}), server.Options{})
	served := make(chan error, 1)
	go func() { served <- srv.Serve(listener) }()
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), demoStop)
		defer cancel()
		err = errors.Join(err, srv.Shutdown(ctx), <-served)
	}()
	c, err := client.Dial(listener.Addr().String(), client.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	return called(listener.Addr().String(), do(folder, c))
}

// demo is a run of the demonstration.
type demo struct {
	*app
	client  *client.Client
	folder  string // for the copies
	most    int
	decoder *picture.Decoder
}

// demoPhoto is a photo that was onboarded.
type demoPhoto struct {
	id    string
	image []byte
}

func (d *demo) run(ctx context.Context, folders []string) error {
	photos, err := d.onboard(ctx, folders)
	if err != nil {
		return err
	}
	if len(photos) < 2 {
		return fmt.Errorf("%s to show it with, that is too few", amount(len(photos), "photo"))
	}
	foreign := photos[len(photos)-1]
	photos = photos[:min(len(photos)-1, d.most)]
	if _, err := d.client.DeletePhoto(ctx, &touchstonev1.DeletePhotoRequest{Brand: demoBrand, PhotoId: foreign.id}); err != nil {
		return err
	}
	t := d.table()
	t.row("SUSPECT: A COPY OF", "EDIT", "FOUND", "VERDICT", "SCORE", "SEEN AS")
	copies, right := 0, 0
	for _, p := range photos {
		for i, e := range demoEdits() {
			query, err := d.edited(ctx, p, foreign, i, e)
			if err != nil {
				return err
			}
			found, err := d.ask(ctx, t, p.id, e.name, query)
			if err != nil {
				return err
			}
			copies++
			if found == p.id {
				right++
			}
		}
	}
	wrong, err := d.ask(ctx, t, foreign.id, "removed before", foreign.image)
	if err != nil {
		return err
	}
	if err := t.flush(); err != nil {
		return err
	}
	verdict := "nothing was found for the photo that had been removed"
	if wrong != "" {
		verdict = "a photo was found for the one that had been removed"
	}
	d.say("touchstone: demo: %d of %s found, %s", right, amount(copies, "copy"), verdict)
	return nil
}

// onboard hands in what is in the folders, but for what is small, or the same photo as one before.
func (d *demo) onboard(ctx context.Context, folders []string) ([]demoPhoto, error) {
	var photos []demoPhoto
	small, same, unfit := 0, 0, 0
	for _, folder := range folders {
		files, err := allPictures(folder)
		if err != nil {
			return nil, err
		}
		for _, f := range files {
			p := demoPhoto{id: f.rel}
			if p.image, err = readPicture(f.path, mostBytes); err != nil {
				return nil, err
			}
			if c, err := d.decoder.Config(p.image); err != nil {
				unfit++
				continue
			} else if min(c.Width, c.Height) < demoSide {
				small++
				continue
			}
			before, err := d.match(ctx, p.image)
			if _, ours := unanswerable(p.id, status.Convert(err).Proto()); ours {
				unfit++
				continue
			}
			if err != nil {
				return nil, err
			}
			if len(before.GetMatches()) > 0 {
				same++
				continue
			}
			_, err = d.client.AddPhoto(ctx, &touchstonev1.AddPhotoRequest{
				Photo: &touchstonev1.Photo{Brand: demoBrand, PhotoId: p.id},
				Image: p.image,
			})
			switch {
			case ctx.Err() != nil:
				return nil, ctx.Err()
			case err != nil:
				unfit++
			default:
				photos = append(photos, p)
			}
		}
	}
	d.say("touchstone: demo: %s onboarded; left out: %d small, %d the same photo again, %d unreadable or too plain",
		amount(len(photos), "photo"), small, same, unfit)
	return photos, nil
}

// edited makes a copy, in a file as a seller's would be, and returns what is in it.
func (d *demo) edited(ctx context.Context, p, beside demoPhoto, number int, e edit) ([]byte, error) {
	var images [2]image.Image
	for i, p := range []demoPhoto{p, beside} {
		m, err := d.decoder.Decode(ctx, p.image, 0)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.id, err)
		}
		images[i] = m.Image
	}
	b, err := e.make(images[0], images[1])
	if err != nil {
		return nil, fmt.Errorf("%s, %s: %w", p.id, e.name, err)
	}
	name := filepath.Join(d.folder, fmt.Sprintf("%d-%s", number, filepath.Base(p.id)))
	if err := os.WriteFile(name, b, 0o600); err != nil {
		return nil, err
	}
	return readPicture(name, mostBytes)
}

// ask matches an image, writes a line about it, and returns the ID of the best photo, "" where there is none.
func (d *demo) ask(ctx context.Context, t sheet, of, edit string, image []byte) (string, error) {
	r, err := d.match(ctx, image)
	if err != nil {
		return "", err
	}
	a := answerOf(of, r)
	if len(a.Matches) == 0 {
		t.row(of, edit, strings.ToLower(strings.ReplaceAll(a.Status, "_", " ")))
		return "", nil
	}
	best := a.Matches[0]
	t.row(of, edit, best.Photo, best.Verdict, fmt.Sprintf("%.3f", best.Score), strings.Join(best.Edits, ", "))
	return best.Photo, nil
}

func (d *demo) match(ctx context.Context, image []byte) (*touchstonev1.MatchResponse, error) {
	return d.client.Match(ctx, &touchstonev1.MatchRequest{
		Subject: &touchstonev1.Subject{Subject: &touchstonev1.Subject_Image{Image: image}},
		Limit:   1,
	})
}
