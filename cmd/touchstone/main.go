// Command touchstone is the whole product in one binary: the server, the verbs that talk to it, and those that work on
// files alone.
//
// It promises that stdout carries data and nothing else, that whatever went wrong is told on stderr and by the exit
// status (0: all went well; 1: something failed; 2: the command line was wrong), and that each flag can be given as a
// TOUCHSTONE_ variable of the environment as well.
//
// The caveat that bites: a verb that works through many files goes on after one that is broken. Look at the exit
// status, not at the last line.
package main

import (
	"context"
	"os"
)

func main() {
	os.Exit(run(context.Background(), os.Args[1:], streams{in: os.Stdin, out: os.Stdout, err: os.Stderr}))
}
