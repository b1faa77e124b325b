package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// process is the binary under test as a server of its own.
type process struct {
	addr string
	cmd  *exec.Cmd

	mu  sync.Mutex
	err strings.Builder // what it wrote to stderr
	eof chan struct{}   // closed when it wrote all of it
}

// startServer starts the server and waits until it is ready. It has to be waited for.
func startServer(dir string, flags ...string) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	args := append([]string{"serve", "--addr", "127.0.0.1:0", "--data-dir", dir}, flags...)
	// Started under the name of the command, the test binary is the command.
	p := &process{cmd: &exec.Cmd{Path: self, Args: append([]string{"touchstone"}, args...)}, eof: make(chan struct{})}
	out, err := p.cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	ready := make(chan string, 1)
	go p.read(out, ready)
	select {
	case p.addr = <-ready:
		return p, nil
	case <-p.eof:
		return nil, fmt.Errorf("serve %s: %w\n%s", dir, p.cmd.Wait(), p.stderr())
	case <-time.After(30 * time.Second):
		return nil, errors.Join(fmt.Errorf("serve %s: not ready after 30 s:\n%s", dir, p.stderr()), p.kill())
	}
}

// read keeps what the server says, and finds its address in it.
func (p *process) read(r io.Reader, ready chan<- string) {
	defer close(p.eof)
	for lines := bufio.NewScanner(r); lines.Scan(); {
		p.mu.Lock()
		p.err.WriteString(lines.Text() + "\n")
		p.mu.Unlock()
		if _, addr, ok := strings.Cut(lines.Text(), "touchstone: listening on "); ok {
			ready <- addr
		}
	}
}

func (p *process) stderr() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err.String()
}

// stop ends the server as an operator would; it returns an error unless it ended well.
func (p *process) stop() error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	<-p.eof
	if err := p.cmd.Wait(); err != nil {
		return fmt.Errorf("serve: %w\n%s", err, p.stderr())
	}
	return nil
}

// kill ends the server as a power cut would.
func (p *process) kill() error {
	if err := p.cmd.Process.Kill(); err != nil {
		return err
	}
	<-p.eof
	var exit *exec.ExitError
	if err := p.cmd.Wait(); !errors.As(err, &exit) {
		return fmt.Errorf("killed server ended with %w", err)
	}
	return nil
}

// runServer starts a server that ends with the test.
func runServer(tb testing.TB, dir string, flags ...string) *process {
	tb.Helper()
	p, err := startServer(dir, flags...)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := p.stop(); err != nil {
			tb.Error(err)
		}
	})
	return p
}

// servers are those of the scripts under way.
type servers struct {
	mu      sync.Mutex
	running map[*testscript.TestScript]*process
}

// start is "server FOLDER [FLAG...]": it starts one, waits until it is ready, and points TOUCHSTONE_ADDR to it. It ends
// with the script, or by stop.
func (s *servers) start(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf("usage: server FOLDER [FLAG...]")
	}
	p, err := startServer(ts.MkAbs(args[0]), args[1:]...)
	ts.Check(err)
	s.mu.Lock()
	s.running[ts] = p
	s.mu.Unlock()
	ts.Setenv("TOUCHSTONE_ADDR", p.addr)
	ts.Defer(func() { ts.Check(s.end(ts, (*process).kill)) })
}

// stop is "stop": it ends the script's server by SIGTERM, and fails unless that went well.
func (s *servers) stop(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: stop")
	}
	ts.Check(s.end(ts, (*process).stop))
}

func (s *servers) end(ts *testscript.TestScript, how func(*process) error) error {
	s.mu.Lock()
	p := s.running[ts]
	delete(s.running, ts)
	s.mu.Unlock()
	if p == nil {
		return nil
	}
	err := how(p)
	ts.Logf("[server]\n%s", p.stderr())
	return err
}
