//go:build !unix

package inverted

import (
	"errors"
	"os"
)

func mapAnonymous(int) ([]byte, error) { return nil, errors.ErrUnsupported }

func unmap([]byte) {}

func mapReadOnly(*os.File, int) ([]byte, error) { return nil, errors.ErrUnsupported }
