//go:build tools

// Package tools names the programs that are built, so that `go mod tidy` keeps what they need.
package tools

import (
	_ "github.com/nsqio/nsq/apps/nsqd"
	_ "github.com/nsqio/nsq/apps/nsqlookupd"
)
