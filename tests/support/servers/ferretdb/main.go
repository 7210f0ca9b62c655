// SPDX-License-Identifier: MIT

// FerretDB with its SQLite backend on loopback: ferretdb PORT FOLDER
// Prints its URI once it listens, and ends when stdin does.
package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/FerretDB/FerretDB/ferretdb"
)

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func main() {
	if len(os.Args) != 3 {
		fail(fmt.Errorf("usage: ferretdb PORT FOLDER"))
	}
	quiet := &slog.HandlerOptions{Level: slog.LevelError}
	server, err := ferretdb.New(&ferretdb.Config{
		Handler:   "sqlite",
		SQLiteURL: "file:" + os.Args[2] + "/",
		Listener:  ferretdb.ListenerConfig{TCP: "127.0.0.1:" + os.Args[1]},
		Logger:    slog.New(slog.NewTextHandler(os.Stderr, quiet)),
	})
	fail(err)
	ctx, stop := context.WithCancel(context.Background())
	go func() {
		io.Copy(io.Discard, os.Stdin)
		stop()
		time.Sleep(2 * time.Second) // it waits for open connections: not for longer
		os.Exit(0)
	}()
	go func() { fmt.Println(server.MongoDBURI()) }()
	fail(server.Run(ctx))
}
