//go:build !unix

package offheap

import (
	"errors"
	"os"
)

func mapAnonymous(int) ([]byte, error) { return nil, errors.ErrUnsupported }

func unmap([]byte) {}

func mapReadOnly(*os.File, int) ([]byte, error) { return nil, errors.ErrUnsupported }
