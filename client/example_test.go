package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"

	"google.golang.org/grpc/status"

	"touchstone/client"
	touchstonev1 "touchstone/proto/touchstone/v1"
)

// Ask whether a listing's image was made from a genuine photo.
func Example() {
	c, err := client.Dial("127.0.0.1:7443", client.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = c.Close() }()

	image, err := os.ReadFile("listing.jpg")
	if err != nil {
		log.Print(err)
		return
	}
	found, err := c.Match(context.Background(), &touchstonev1.MatchRequest{
		Subject: &touchstonev1.Subject{Subject: &touchstonev1.Subject_Image{Image: image}},
	})
	if client.Reason(err) == touchstonev1.ErrorReason_ERROR_REASON_IMAGE_TRUNCATED {
		log.Print("the download broke off; fetch the image again")
		return
	}
	if err != nil {
		log.Print(err)
		return
	}
	for _, m := range found.GetMatches() {
		fmt.Println(m.GetVerdict(), m.GetScore(), m.GetPhoto().GetBrand(), m.GetPhoto().GetPhotoId(), m.GetEdits())
	}
}

// Onboard a folder of photos: one goroutine sends, another one receives. Whatever a broken stream left unanswered is
// sent again on the next one.
func ExampleClient_Onboard() {
	c, err := client.Dial("127.0.0.1:7443", client.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = c.Close() }()

	s, err := c.Onboard(context.Background(), client.StreamOptions{})
	if err != nil {
		log.Print(err)
		return
	}
	defer s.Close()
	paths, err := filepath.Glob("photos/*.jpg")
	if err != nil {
		log.Print(err)
		return
	}
	go func() {
		for _, path := range paths {
			image, err := os.ReadFile(path)
			if err != nil {
				log.Print(err)
				continue
			}
			err = s.Send(&touchstonev1.AddPhotosRequest{
				CorrelationId: path,
				Photo:         &touchstonev1.Photo{Brand: "Acme", PhotoId: filepath.Base(path)},
				Image:         image,
			})
			if errors.Is(err, io.EOF) {
				return // Recv tells why
			}
			if err != nil {
				log.Print(err)
			}
		}
		if err := s.CloseSend(); err != nil {
			log.Print(err)
		}
	}()
	for {
		a, err := s.Recv()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			log.Printf("%v; %d photos have to be sent again", err, len(s.Unanswered()))
			return
		}
		if refused := status.ErrorProto(a.GetError()); refused != nil {
			log.Printf("%s: %v", a.GetCorrelationId(), client.Reason(refused))
		}
	}
}

// Ask with a bound on false matches, and where in the listing's image the photo lies; keep a picture that shows it.
func ExampleClient_Overlay() {
	c, err := client.Dial("127.0.0.1:7443", client.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = c.Close() }()

	image, err := os.ReadFile("collage.jpg")
	if err != nil {
		log.Print(err)
		return
	}
	one := 1.0
	found, err := c.Match(context.Background(), &touchstonev1.MatchRequest{
		Subject:                   &touchstonev1.Subject{Subject: &touchstonev1.Subject_Image{Image: image}},
		Depth:                     touchstonev1.Depth_DEPTH_PARTS, // all photos of a collage
		MaxFalseMatchesPerMillion: &one,
	})
	if err != nil {
		log.Print(err)
		return
	}
	for _, m := range found.GetMatches() {
		p := m.GetEvidence().GetPlace() // nil where whole pictures alone were compared
		fmt.Println(m.GetVerdict(), m.GetPhoto().GetPhotoId(), p.GetSeenShare(), p.GetInSubject())
	}

	// Photos' pixels are not kept: who has the genuine one can have both drawn.
	genuine, err := os.ReadFile("photo.jpg")
	if err != nil {
		log.Print(err)
		return
	}
	drawn, err := c.Overlay(context.Background(), &touchstonev1.OverlayRequest{A: genuine, B: image})
	if err != nil {
		log.Print(err)
		return
	}
	if err := os.WriteFile("pair.png", drawn.GetPng(), 0o600); err != nil {
		log.Print(err)
	}
}

// Have a brand's photos found by whole pictures alone: where thousands of them show the same models and backdrops, or
// memory is scarce.
func ExampleClient_UpdateBrand() {
	c, err := client.Dial("127.0.0.1:7443", client.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = c.Close() }()

	off := false
	b, err := c.UpdateBrand(context.Background(), &touchstonev1.UpdateBrandRequest{Brand: "Acme", Partial: &off})
	if err != nil {
		log.Print(err)
		return
	}
	fmt.Println(b.GetBrand().GetPhotos(), b.GetBrand().GetPartial())
}
