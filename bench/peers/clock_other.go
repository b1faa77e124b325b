//go:build !linux

package main

import "time"

var began = time.Now()

// threadTime is the time on the wall where there is no such clock: good for a look.
func threadTime() time.Duration { return time.Since(began) }

func processTime() time.Duration { return time.Since(began) }
